package spill

import (
	"datapunk/types"
	"datapunk/types/vector"
)

// maxUsed is how many bits of a hash may tell partitions apart; the lowest ones are the
// hash tables' own.
const maxUsed = 40

// Partitions divides rows by bits of their hashes, so that equal keys come together.
type Partitions struct {
	space   *Space
	kind    Kind
	memory  *Memory
	columns []*types.Type
	used    uint // bits of the hash, from the top, that are equal in all rows
	bits    uint
	file    *File
	writers []*Writer
	rows    [][]int32
}

// NewPartitions divides rows by the bits of their hashes after the first used ones.
func (s *Space) NewPartitions(k Kind, columns []*types.Type, m *Memory, used, bits uint) (*Partitions, error) {
	p := &Partitions{space: s, kind: k, memory: m, columns: columns, used: used, bits: bits}
	var err error
	if p.file, err = s.Create(k); err != nil {
		return nil, err
	}
	p.writers, p.rows = make([]*Writer, 1<<bits), make([][]int32, 1<<bits)
	for i := range p.writers {
		p.writers[i] = p.file.NewWriter(columns, m)
	}
	return p, nil
}

// CanDivide tells whether rows whose hashes are equal in the first used bits may be
// divided once more.
func CanDivide(used uint) bool { return used+maxBits <= maxUsed }

// Used is how many bits the rows of one partition have in common.
func (p *Partitions) Used() uint { return p.used + p.bits }

// Add copies rows into their partitions; hashes are by row.
func (p *Partitions) Add(cols []*vector.Vector, hashes []uint64, sel []int32) error {
	for i := range p.rows {
		p.rows[i] = p.rows[i][:0]
	}
	for _, i := range sel {
		k := hashes[i] << p.used >> (64 - p.bits)
		p.rows[k] = append(p.rows[k], i)
	}
	for k, rows := range p.rows {
		if len(rows) > 0 {
			if err := p.writers[k].Add(cols, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// Finish gives the partitions, by hash; empty ones too.
func (p *Partitions) Finish() ([]*Run, error) {
	out := make([]*Run, len(p.writers))
	for k, w := range p.writers {
		var err error
		if out[k], err = w.Finish(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Size is the bytes written.
func (p *Partitions) Size() int64 { return p.file.Size() }

// Remove forgets all the rows.
func (p *Partitions) Remove() { p.file.remove() }
