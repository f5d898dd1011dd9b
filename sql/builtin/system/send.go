package system

import (
	"strings"

	"datapunk/sql/function"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// senders are the functions that give a value as it goes over the wire in binary
// format (manual 38.13).
const senders = `array_send anyarray_send anycompatiblearray_send boolsend bpcharsend byteasend charsend cidsend
date_send float4send float8send int2send int2vectorsend int4send int8send interval_send json_send jsonb_send
namesend numeric_send oidsend oidvectorsend pg_lsn_send pg_node_tree_send record_send regclasssend
regcollationsend regnamespacesend regoperatorsend regopersend regproceduresend regprocsend regrolesend
regtypesend textsend tidsend time_send timestamp_send timestamptz_send timetz_send unknownsend uuid_send
varcharsend void_send xid8send xidsend`

func send(t function.Table) {
	impl := function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		b, err := format.AppendBinary(nil, c.Env.Format, args[0], i)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
	for _, name := range strings.Fields(senders) {
		t[name] = impl
	}
}
