package bind

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// walkTables calls fn on every table name within a parse tree.
func walkTables(node *pg.Node, fn func(*pg.RangeVar)) {
	var visit func(m protoreflect.Message)
	visit = func(m protoreflect.Message) {
		if r, ok := m.Interface().(*pg.RangeVar); ok {
			fn(r)
			return
		}
		m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			if field.Kind() != protoreflect.MessageKind {
				return true
			}
			if field.IsList() {
				for i := range v.List().Len() {
					visit(v.List().Get(i).Message())
				}
			} else {
				visit(v.Message())
			}
			return true
		})
	}
	visit(node.ProtoReflect())
}

type (
	protoField = protoreflect.FieldDescriptor
	protoValue = protoreflect.Value
)
