package table

import (
	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/record"
	"datapunk/types/vector"
)

// spread writes the fields of a record at row i of v to row at of the columns.
func spread(out []*vector.Vector, v *vector.Vector, i, at int) error {
	if v.Null(i) {
		for _, c := range out {
			c.SetNull(at)
		}
		return nil
	}
	cols, err := record.Decode(v.Bytes(i), func(oid types.OID) *types.Type {
		if t := types.Builtin(oid); t != nil {
			return t
		}
		for _, c := range out {
			if c.Type.OID == oid {
				return c.Type
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, c := range out {
		if k >= len(cols) || cols[k].Phys() != c.Phys() {
			return pgerr.New(pgerr.DatatypeMismatch, "function return row and query-specified return row do not match")
		}
		c.Set(at, cols[k], 0)
	}
	return nil
}
