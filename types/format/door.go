package format

import (
	"datapunk/types"
	"datapunk/types/vector"
)

func ParseText(ctx *Context, t *types.Type, mod int32, text string, out *vector.Vector, i int) error {
	return nil
}
func AppendText(dst []byte, ctx *Context, v *vector.Vector, i int) []byte { return dst }
func TypeName(t *types.Type, mod int32) string                            { return t.Name }
func ParseMod(t *types.Type, args []string) (int32, error)                { return -1, nil }
