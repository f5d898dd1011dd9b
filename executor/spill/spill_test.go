package spill_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"datapunk/executor/optest"
	"datapunk/executor/spill"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

var columns = []*types.Type{types.BoolType, types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.NumericType, types.IntervalType, types.Timetz, types.Text}

// random makes n rows of every layout, some null; a number may be too large for 128 bits.
func random(r *rand.Rand, n int) *vector.Batch {
	b := vector.NewBatch(columns, max(n, 1))
	for i := range n {
		for _, c := range b.Cols {
			if r.IntN(5) == 0 {
				c.SetNull(i)
				continue
			}
			switch c.Phys() {
			case types.Bool:
				vector.Of[bool](c)[i] = r.IntN(2) == 0
			case types.Int16:
				vector.Of[int16](c)[i] = int16(r.Int32())
			case types.Int32, types.Float32:
				vector.Of[int32](c)[i] = r.Int32() // any bits
			case types.Int64, types.Float64:
				vector.Of[int64](c)[i] = r.Int64()
			case types.Numeric:
				d, err := numeric.Parse(strings.Repeat("98765", 1+r.IntN(20)) + ".50")
				if err != nil {
					panic(err)
				}
				vector.Of[numeric.Decimal](c)[i] = d
			case types.Interval:
				vector.Of[datetime.Interval](c)[i] = datetime.Interval{Micros: r.Int64(), Days: r.Int32(), Months: -1}
			case types.TimeTZ:
				vector.Of[datetime.TimeTZ](c)[i] = datetime.TimeTZ{Micros: r.Int64(), Zone: r.Int32()}
			case types.Bytes:
				c.SetString(i, strings.Repeat("x", r.IntN(40)))
			}
		}
	}
	b.N = n
	return b
}

func texts(b *vector.Batch) []string {
	var out []string
	for k := range b.Rows() {
		var row strings.Builder
		for _, c := range b.Cols {
			if i := b.Row(k); c.Null(i) {
				row.WriteString("|NULL")
			} else {
				row.Write(append(vector.AppendDatum(nil, c, i), '|'))
			}
		}
		out = append(out, row.String())
	}
	return out
}

// TestRun: rows of every layout come back as they were written, from several runs in one
// file, in any cut of blocks.
func TestRun(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		env, d := optest.Env(t, optest.Limits{Rows: []int{0, 1, 7, 64, 65}[r.IntN(5)]})
		memory := env.Space.Sorting()
		f, err := env.Space.Create(spill.Sort)
		if err != nil {
			t.Fatal(err)
		}
		var writers []*spill.Writer
		var want [][]string
		for range 3 {
			writers, want = append(writers, f.NewWriter(columns, memory)), append(want, nil)
		}
		for range 10 {
			k := r.IntN(3)
			b := random(r, r.IntN(300))
			if err := writers[k].Add(b.Cols, b.Selection(nil)); err != nil {
				t.Fatal(err)
			}
			want[k] = append(want[k], texts(b)...)
		}
		var runs []*spill.Run
		for _, w := range writers {
			run, err := w.Finish()
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, run)
		}
		for k, run := range runs {
			for range 2 {
				var got []string
				for reader := run.NewReader(); ; {
					b, err := reader.Next()
					if err != nil {
						t.Fatal(err)
					}
					if b == nil {
						break
					}
					got = append(got, texts(b)...)
				}
				if !slices.Equal(got, want[k]) || run.Rows != int64(len(got)) {
					t.Fatalf("seed %d: a run gives %d rows, not the %d written", seed, len(got), len(want[k]))
				}
			}
			run.Release()
		}
		if left, err := d.Left(); len(left) > 0 || err != nil {
			t.Errorf("released, but left: %v %v", left, err)
		}
	}
}

// TestPartitions: rows whose hashes are equal in the bits used before are divided by the
// next ones, and no row is lost.
func TestPartitions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	env, _ := optest.Env(t, optest.Limits{Bytes: 64 << 10})
	b := random(r, 1000)
	hashes := make([]uint64, b.N)
	for i := range hashes {
		hashes[i] = 0xa<<60 | r.Uint64()>>4
	}
	p, err := env.Space.NewPartitions(spill.Group, columns, env.Space.Hashing(), 4, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Add(b.Cols, hashes, b.Selection(nil)); err != nil {
		t.Fatal(err)
	}
	runs, err := p.Finish()
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, run := range runs {
		if total += run.Rows; run.Rows < 60 {
			t.Errorf("a partition of %d rows", run.Rows)
		}
		run.Release()
	}
	if len(runs) != 8 || total != 1000 || p.Used() != 7 {
		t.Errorf("%d partitions of %d rows, %d bits used", len(runs), total, p.Used())
	}
}

// TestCursor: rows of a list are found by their numbers, in any order, also after the
// list was written anew.
func TestCursor(t *testing.T) {
	for _, limit := range []int{0, 1, 7, 64} {
		r := rand.New(rand.NewPCG(1, 4))
		env, _ := optest.Env(t, optest.Limits{Rows: limit})
		rows := env.Space.NewRows(spill.Window, columns)
		cursor := rows.Cursor()
		for round := range 3 {
			b := random(r, 50<<round)
			if err := rows.Add(b.Cols, b.Selection(nil)); err != nil {
				t.Fatal(err)
			}
			if err := rows.Finish(); err != nil {
				t.Fatal(err)
			}
			cursor.Reset()
			want := texts(b)
			for k := range 300 {
				i := r.IntN(b.N)
				if k < 100 {
					i = k % b.N
				}
				place, err := cursor.At(i)
				if err != nil {
					t.Fatal(err)
				}
				if got := texts(&vector.Batch{Cols: cursor.Block.Cols, N: cursor.Block.N, Sel: []int32{int32(place)}}); got[0] != want[i] {
					t.Fatalf("limit %d: row %d is %s, not %s", limit, i, got[0], want[i])
				}
			}
			rows.Reset()
		}
		rows.Close()
	}
}
