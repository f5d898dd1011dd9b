package agg

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/json"
	"datapunk/sql/function"
	"datapunk/types/jsonb"
	"datapunk/types/vector"
)

func documents(t function.Table) {
	t["json_agg(anyelement)"] = agg(func(c *function.Call) function.Aggregator { return &jsonList{call: c, w: json.Writer{Env: c.Env}} })
	t["jsonb_agg(anyelement)"] = agg(func(c *function.Call) function.Aggregator { return &jsonbList{call: c, w: json.Writer{Env: c.Env}} })
	t["json_object_agg(any,any)"] = agg(func(c *function.Call) function.Aggregator { return &jsonMap{call: c, w: json.Writer{Env: c.Env}} })
	t["jsonb_object_agg(any,any)"] = agg(func(c *function.Call) function.Aggregator { return &jsonbMap{call: c, w: json.Writer{Env: c.Env}} })
}

// texts is one growing text for each group.
type texts struct{ text [][]byte }

func (a *texts) Grow(n int) { a.text = grow(a.text, n) }

func (a *texts) join(to int, part []byte) {
	if len(part) == 0 {
		return
	}
	if len(a.text[to]) > 0 {
		a.text[to] = append(a.text[to], ", "...)
	}
	a.text[to] = append(a.text[to], part...)
}

func (a *texts) result(open, end string, first, n int, out *vector.Vector) error {
	for i := range n {
		if t := a.text[first+i]; len(t) == 0 {
			out.SetNull(i)
		} else {
			out.SetString(i, open+string(t)+end)
		}
	}
	return nil
}

func (a *texts) Size() int {
	n := 0
	for _, t := range a.text {
		n += 24 + cap(t)
	}
	return n
}

// jsonList is json_agg.
type jsonList struct {
	texts
	call *function.Call
	w    json.Writer
}

func (a *jsonList) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	v := json.Named(a.call, 0, args[0])
	structured := json.Structured(v.Type)
	for k, i := range sel {
		t := &a.text[groups[k]]
		if len(*t) > 0 {
			*t = append(*t, ", "...)
			if structured && !args[0].Null(int(i)) {
				*t = append(*t, "\n "...)
			}
		}
		*t = a.w.Append(*t, v, int(i))
	}
	return nil
}

func (a *jsonList) Merge(other function.Aggregator, from, to int) error {
	a.join(to, other.(*jsonList).text[from])
	return nil
}

func (a *jsonList) Result(first, n int, out *vector.Vector) error {
	return a.result("[", "]", first, n, out)
}

func nullKey() error { return pgerr.New(pgerr.InvalidParameterValue, "field name must not be null") }

// jsonMap is json_object_agg.
type jsonMap struct {
	texts
	call *function.Call
	w    json.Writer
}

func (a *jsonMap) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) {
			return nullKey()
		}
		key, err := a.w.Key(args[0], int(i))
		if err != nil {
			return err
		}
		t := &a.text[groups[k]]
		if len(*t) > 0 {
			*t = append(*t, ", "...)
		}
		*t = append(jsonb.AppendQuoted(*t, key), " : "...)
		*t = a.w.Append(*t, json.Named(a.call, 1, args[1]), int(i))
	}
	return nil
}

func (a *jsonMap) Merge(other function.Aggregator, from, to int) error {
	a.join(to, other.(*jsonMap).text[from])
	return nil
}

func (a *jsonMap) Result(first, n int, out *vector.Vector) error {
	return a.result("{ ", " }", first, n, out)
}

// jsonbList is jsonb_agg.
type jsonbList struct {
	call  *function.Call
	w     json.Writer
	elems [][][]byte
	size  int
}

func (a *jsonbList) Grow(n int) { a.elems = grow(a.elems, n) }

func (a *jsonbList) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		b, err := a.w.Value(json.Named(a.call, 0, args[0]), int(i))
		if err != nil {
			return err
		}
		a.elems[groups[k]] = append(a.elems[groups[k]], append([]byte(nil), b...))
		a.size += 24 + len(b)
	}
	return nil
}

func (a *jsonbList) Merge(other function.Aggregator, from, to int) error {
	a.elems[to] = append(a.elems[to], other.(*jsonbList).elems[from]...)
	return nil
}

func (a *jsonbList) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		if e := a.elems[first+i]; len(e) == 0 {
			out.SetNull(i)
		} else {
			out.SetBytes(i, jsonb.NewArray(e))
		}
	}
	return nil
}

func (a *jsonbList) Size() int { return a.size + 24*len(a.elems) }

// jsonbMap is jsonb_object_agg.
type jsonbMap struct {
	call  *function.Call
	w     json.Writer
	pairs [][]jsonb.Pair
	size  int
}

func (a *jsonbMap) Grow(n int) { a.pairs = grow(a.pairs, n) }

func (a *jsonbMap) Add(groups []int32, args []*vector.Vector, sel []int32) error {
	for k, i := range sel {
		if args[0].Null(int(i)) {
			return nullKey()
		}
		key, err := a.w.Key(args[0], int(i))
		if err != nil {
			return err
		}
		b, err := a.w.Value(json.Named(a.call, 1, args[1]), int(i))
		if err != nil {
			return err
		}
		a.pairs[groups[k]] = append(a.pairs[groups[k]], jsonb.Pair{Key: key, Value: append([]byte(nil), b...)})
		a.size += 40 + len(key) + len(b)
	}
	return nil
}

func (a *jsonbMap) Merge(other function.Aggregator, from, to int) error {
	a.pairs[to] = append(a.pairs[to], other.(*jsonbMap).pairs[from]...)
	return nil
}

func (a *jsonbMap) Result(first, n int, out *vector.Vector) error {
	for i := range n {
		if p := a.pairs[first+i]; len(p) == 0 {
			out.SetNull(i)
		} else {
			out.SetBytes(i, jsonb.NewObject(append([]jsonb.Pair(nil), p...)))
		}
	}
	return nil
}

func (a *jsonbMap) Size() int { return a.size + 24*len(a.pairs) }
