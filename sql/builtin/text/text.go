// Package text is the kernels of character and binary strings: comparison, LIKE,
// casts, and the functions of the manual's sections 9.4 and 9.5. Regular
// expressions have files of their own.
//
// Positions and lengths count characters; the text is UTF-8, and a byte string
// without high bytes is worked on as bytes.
//
// Invariant: equality is that of bytes under every collation; order is the
// collation's.
package text

import (
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/collate"
	"datapunk/types/kernel"
	"datapunk/types/vector"
)

// Table lists the kernels.
func Table() function.Table {
	t := function.Table{}
	comparisons(t)
	hashes(t)
	likes(t)
	casts(t)
	strings_(t)
	trims(t)
	binaries(t)
	splits(t)
	formats(t)
	encodings(t)
	unicodes(t)
	identifiers(t)
	regexes(t)
	return t
}

// collated orders text under the call's collation.
func collated(c *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
	if collate.Bytewise(uint32(c.Collation)) {
		return vector.Compare(a, i, b, j)
	}
	return collate.Compare(uint32(c.Collation), a.String(i), b.String(j))
}

// padded orders char(n) without its trailing blanks.
func padded(c *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
	return collate.Compare(uint32(c.Collation), kernel.TrimBlanks(a.String(i)), kernel.TrimBlanks(b.String(j)))
}

// paddedBytes is padded by bytes.
func paddedBytes(_ *function.Call, a *vector.Vector, i int, b *vector.Vector, j int) int {
	return collate.Compare(uint32(types.CCollation), kernel.TrimBlanks(a.String(i)), kernel.TrimBlanks(b.String(j)))
}

func comparisons(t function.Table) {
	t["texteq"], t["textne"] = loop.BytesEqual(loop.EQ), loop.BytesEqual(loop.NE)
	for _, pair := range [][2]string{{"name", ""}, {"name", "text"}, {"text", "name"}} {
		t[pair[0]+"eq"+pair[1]], t[pair[0]+"ne"+pair[1]] = loop.BytesEqual(loop.EQ), loop.BytesEqual(loop.NE)
		for _, op := range []loop.Op{loop.LT, loop.LE, loop.GT, loop.GE} {
			t[pair[0]+loop.Suffixes[op]+pair[1]] = loop.Compare(op, collated)
		}
	}
	t["byteaeq"], t["byteane"] = loop.BytesEqual(loop.EQ), loop.BytesEqual(loop.NE)
	for _, op := range []loop.Op{loop.LT, loop.LE, loop.GT, loop.GE} {
		t["text_"+loop.Suffixes[op]] = loop.Compare(op, collated)
		t["text_pattern_"+loop.Suffixes[op]] = loop.Compare(op, loop.Bytewise)
		t["bpchar_pattern_"+loop.Suffixes[op]] = loop.Compare(op, paddedBytes)
		t["bytea"+loop.Suffixes[op]] = loop.Compare(op, loop.Bytewise)
		t["bpchar"+loop.Suffixes[op]] = loop.Compare(op, padded)
	}
	t["bpchareq"], t["bpcharne"] = loop.Compare(loop.EQ, paddedBytes), loop.Compare(loop.NE, paddedBytes)
	t["bttextcmp"], t["btnamecmp"], t["btnametextcmp"], t["bttextnamecmp"] = loop.Cmp(collated), loop.Cmp(collated), loop.Cmp(collated), loop.Cmp(collated)
	t["bttext_pattern_cmp"], t["btbpchar_pattern_cmp"] = loop.Cmp(loop.Bytewise), loop.Cmp(paddedBytes)
	t["bpcharcmp"], t["byteacmp"] = loop.Cmp(padded), loop.Cmp(loop.Bytewise)
	t["text_larger"], t["text_smaller"] = loop.Pick(true, collated), loop.Pick(false, collated)
	t["bpchar_larger"], t["bpchar_smaller"] = loop.Pick(true, padded), loop.Pick(false, padded)
	loop.All(t, "uuid_", loop.Bytewise)
	t["uuid_eq"], t["uuid_ne"] = loop.BytesEqual(loop.EQ), loop.BytesEqual(loop.NE)
	t["uuid_cmp"] = loop.Cmp(loop.Bytewise)
	t["gin_compare_jsonb"] = loop.Cmp(loop.Bytewise)
}

func hashes(t function.Table) {
	plain := func(name, extended string, trim bool) {
		get := func(s string) []byte {
			if trim {
				s = kernel.TrimBlanks(s)
			}
			return []byte(s)
		}
		t[name] = function.Map1(func(s string) int32 { return int32(loop.HashBytes(get(s), 0)) })
		t[extended] = function.Map2(func(s string, seed int64) int64 { return int64(loop.HashBytes(get(s), uint64(seed))) })
	}
	plain("hashtext", "hashtextextended", false)
	plain("hashname", "hashnameextended", false)
	plain("hashbpchar", "hashbpcharextended", true)
	plain("uuid_hash", "uuid_hash_extended", false)
	plain("hashvarlena", "hashvarlenaextended", false)
}
