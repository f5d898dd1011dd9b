package system

import (
	"fmt"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/format"
	"datapunk/types/vector"
)

// routines adds the functions that print functions.
func routines(t function.Table) {
	print := func(f func(c *function.Call, fn *function.Func) (string, bool)) function.Impl {
		return maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
			fn := c.Env.Functions.Func(oid(args[0], i))
			if fn == nil {
				return "", false, nil
			}
			s, ok := f(c, fn)
			return s, ok, nil
		})
	}
	t["pg_get_function_arguments"] = print(func(c *function.Call, fn *function.Func) (string, bool) { return arguments(c, fn, false, true), true })
	t["pg_get_function_identity_arguments"] = print(func(c *function.Call, fn *function.Func) (string, bool) { return arguments(c, fn, false, false), true })
	t["pg_get_function_result"] = print(func(c *function.Call, fn *function.Func) (string, bool) {
		return result(c, fn), fn.Kind != function.Procedure
	})
	t["pg_get_function_sqlbody"] = print(func(*function.Call, *function.Func) (string, bool) { return "", false })
	t["pg_get_function_arg_default"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		fn, n := c.Env.Functions.Func(oid(args[0], i)), int(loop.At[int32](args[1], i))
		if fn == nil {
			return "", false, nil
		}
		place := n - 1 // among the input arguments
		for k, m := range fn.Modes {
			if k < n && m != 'i' && m != 'b' && m != 'v' {
				place--
			}
		}
		if n < 1 || fn.Modes != "" && (n > len(fn.Modes) || fn.Modes[n-1] == 'o' || fn.Modes[n-1] == 't') {
			return "", false, nil
		}
		if place -= len(fn.Args) - len(fn.Defaults); place < 0 || place >= len(fn.Defaults) {
			return "", false, nil
		}
		return fn.Defaults[place], true, nil
	})
	t["pg_get_functiondef"] = maybe(func(c *function.Call, args []*vector.Vector, i int) (string, bool, error) {
		fn := c.Env.Functions.Func(oid(args[0], i))
		switch {
		case fn == nil:
			return "", false, nil
		case fn.Kind == function.Aggregate:
			return "", false, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is an aggregate function", fn.Name)
		}
		return functionDefinition(c, fn), true, nil
	})
}

// arguments prints parameters; table asks for those of RETURNS TABLE alone.
func arguments(c *function.Call, fn *function.Func, table, defaults bool) string {
	list := fn.AllArgs
	if list == nil {
		list = fn.Args
	}
	orderBy := -1 // where the aggregated arguments of an ordered-set aggregate begin
	if fn.Agg != nil && fn.Agg.Kind != 'n' {
		orderBy = fn.Agg.Direct
	}
	var b strings.Builder
	printed, input := 0, 0
	for i := 0; i < len(list); i++ {
		mode, word, in := byte('i'), "", true
		if fn.Modes != "" {
			mode = fn.Modes[i]
		}
		switch mode {
		case 'o':
			word, in = "OUT ", false
		case 'b':
			word = "INOUT "
		case 'v':
			word = "VARIADIC "
		case 't':
			in = false
		}
		if in {
			input++
		}
		if table != (mode == 't') {
			continue
		}
		switch {
		case printed == orderBy:
			if printed > 0 {
				b.WriteByte(' ')
			}
			b.WriteString("ORDER BY ")
		case printed > 0:
			b.WriteString(", ")
		}
		b.WriteString(word)
		if i < len(fn.ArgNames) && fn.ArgNames[i] != "" {
			b.WriteString(format.QuoteIdent(fn.ArgNames[i]) + " ")
		}
		b.WriteString(typeName(c, list[i].OID, -1, false))
		if k := input - 1 - (len(fn.Args) - len(fn.Defaults)); defaults && in && k >= 0 && k < len(fn.Defaults) {
			b.WriteString(" DEFAULT " + fn.Defaults[k])
		}
		printed++
		if printed == orderBy && i == len(list)-1 {
			i-- // a variadic last one is both direct and aggregated
		}
	}
	return b.String()
}

// result prints what a function returns.
func result(c *function.Call, fn *function.Func) string {
	if strings.ContainsRune(fn.Modes, 't') {
		return "TABLE(" + arguments(c, fn, true, false) + ")"
	}
	text := typeName(c, fn.Return.OID, -1, false)
	if fn.ReturnsSet {
		return "SETOF " + text
	}
	return text
}

// languages are those that functions of pg_catalog are written in.
var languages = map[types.OID]string{12: "internal", 13: "c", 14: "sql"}

// functionDefinition is CREATE FUNCTION.
func functionDefinition(c *function.Call, fn *function.Func) string {
	var b strings.Builder
	what := "FUNCTION"
	if fn.Kind == function.Procedure {
		what = "PROCEDURE"
	}
	schema, _ := c.Env.Names.SchemaName(fn.Schema)
	fmt.Fprintf(&b, "CREATE OR REPLACE %s %s.%s(%s)\n", what, format.QuoteIdent(schema), format.QuoteIdent(fn.Name), arguments(c, fn, false, true))
	if fn.Kind != function.Procedure {
		fmt.Fprintf(&b, " RETURNS %s\n", result(c, fn))
	}
	fmt.Fprintf(&b, " LANGUAGE %s\n", languages[fn.Language])
	start := b.Len()
	if fn.Kind == function.Window {
		b.WriteString(" WINDOW")
	}
	b.WriteString(map[function.Volatility]string{function.Immutable: " IMMUTABLE", function.Stable: " STABLE"}[fn.Volatility])
	b.WriteString(map[byte]string{'s': " PARALLEL SAFE", 'r': " PARALLEL RESTRICTED"}[fn.Parallel])
	if fn.Strict {
		b.WriteString(" STRICT")
	}
	if fn.Leakproof {
		b.WriteString(" LEAKPROOF")
	}
	cost := float32(100)
	if fn.Language == 12 || fn.Language == 13 {
		cost = 1
	}
	if fn.Cost != cost {
		b.WriteString(" COST " + strconv.FormatFloat(float64(fn.Cost), 'g', -1, 32))
	}
	if fn.Rows > 0 && fn.Rows != 1000 {
		b.WriteString(" ROWS " + strconv.FormatFloat(float64(fn.Rows), 'g', -1, 32))
	}
	if support := c.Env.Functions.Func(fn.Support); support != nil {
		b.WriteString(" SUPPORT " + format.QuoteIdent(support.Name))
	}
	if b.Len() > start {
		b.WriteByte('\n')
	}
	tag := "$function$"
	if fn.Kind == function.Procedure {
		tag = "$procedure$"
	}
	b.WriteString("AS " + tag + fn.Source + tag + "\n")
	return b.String()
}
