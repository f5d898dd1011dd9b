package window

import (
	"math"

	"datapunk/internal/pgerr"
	"datapunk/sql/eval"
	"datapunk/sql/logical"
	"datapunk/types/vector"
)

// frames finds each row's frame within a partition.
type frames struct {
	w              *Window
	peers, peerEnd []int32
	start, end     int64          // offsets of ROWS and GROUPS
	startV, endV   *vector.Vector // offsets of RANGE
	starts, ends   []int32        // where they put the ends, by row
	group          []int32        // number of each row's peer group
	first          []int32        // first row of each group
}

// bounds computes the offsets, once a partition.
func (f *frames) bounds() error {
	frame := &f.w.node.Frame
	get := func(e *eval.Eval, what string) (int64, *vector.Vector, error) {
		if e == nil {
			return 0, nil, nil
		}
		v, err := e.Value()
		if err != nil {
			return 0, nil, err
		}
		if v.Null(0) {
			return 0, nil, pgerr.Newf(pgerr.NullValueNotAllowed, "frame %s offset must not be null", what)
		}
		if frame.Mode == logical.Range {
			return 0, v, nil
		}
		n := vector.Of[int64](v)[0]
		if n < 0 {
			return 0, nil, pgerr.Newf(pgerr.InvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", what)
		}
		return n, nil, nil
	}
	var err error
	if f.start, f.startV, err = get(f.w.start, "starting"); err != nil {
		return err
	}
	if f.end, f.endV, err = get(f.w.end, "ending"); err != nil {
		return err
	}
	if frame.Mode == logical.Groups {
		f.group = make([]int32, f.w.n)
		for i := range f.w.n {
			if i > 0 && f.peers[i] == f.peers[i-1] {
				f.group[i] = f.group[i-1]
				continue
			}
			f.first = append(f.first, int32(i))
			f.group[i] = int32(len(f.first) - 1)
		}
	}
	if f.startV != nil || f.endV != nil {
		return f.ranges()
	}
	return nil
}

// of returns row i's frame as [start, end).
func (f *frames) of(i int) (int, int, error) {
	frame := &f.w.node.Frame
	n := f.w.n
	start, end := 0, n
	switch frame.Mode {
	case logical.RowsMode:
		start = rowBound(frame.Start, i, f.start, 0, n)
		end = rowBound(frame.End, i, f.end, 1, n)
	case logical.Range:
		if frame.Start == logical.CurrentRow {
			start = int(f.peers[i])
		}
		if frame.Start == logical.UnboundedFollowing {
			start = n
		}
		if frame.End == logical.CurrentRow {
			end = int(f.peerEnd[i])
		}
		if frame.End == logical.UnboundedPreceding {
			end = 0
		}
		if f.starts != nil {
			start = int(f.starts[i])
		}
		if f.ends != nil {
			end = int(f.ends[i])
		}
	case logical.Groups:
		start = f.groupBound(frame.Start, i, f.start, 0)
		end = f.groupBound(frame.End, i, f.end, 1)
	}
	start, end = max(0, min(start, n)), max(0, min(end, n))
	return start, max(start, end), nil
}

// rowBound is one end of a ROWS frame; after is 1 for the end, which lies behind
// its last row.
func rowBound(b logical.Bound, i int, offset int64, after, n int) int {
	offset = min(offset, math.MaxInt32)
	switch b {
	case logical.UnboundedPreceding:
		return 0
	case logical.Preceding:
		return i - int(offset) + after
	case logical.CurrentRow:
		return i + after
	case logical.Following:
		return i + int(offset) + after
	}
	return n
}

func (f *frames) groupBound(b logical.Bound, i int, offset int64, after int) int {
	offset = min(offset, math.MaxInt32)
	g := int64(f.group[i])
	switch b {
	case logical.UnboundedPreceding:
		return 0
	case logical.Preceding:
		g -= offset
	case logical.Following:
		g += offset
	case logical.UnboundedFollowing:
		return f.w.n
	}
	g += int64(after)
	switch {
	case g < 0:
		return 0
	case g >= int64(len(f.first)):
		return f.w.n
	}
	return int(f.first[g])
}

// excluded cuts what EXCLUDE leaves out from a frame.
func (f *frames) excluded(i, start, end int) [][2]int {
	var from, to int
	switch f.w.node.Frame.Exclude {
	case logical.ExcludeCurrent:
		from, to = i, i+1
	case logical.ExcludeGroup:
		from, to = int(f.peers[i]), int(f.peerEnd[i])
	case logical.ExcludeTies:
		parts := cut(start, end, int(f.peers[i]), i)
		var out [][2]int
		for _, p := range parts {
			out = append(out, cut(p[0], p[1], i+1, int(f.peerEnd[i]))...)
		}
		return out
	}
	return cut(start, end, from, to)
}

// cut takes [from, to) out of [start, end).
func cut(start, end, from, to int) [][2]int {
	var out [][2]int
	if a, b := start, min(end, from); a < b {
		out = append(out, [2]int{a, b})
	}
	if a, b := max(start, to), end; a < b {
		out = append(out, [2]int{a, b})
	}
	return out
}
