package system

import (
	"regexp"
	"slices"

	"datapunk/catalog/desc"
	"datapunk/types"
)

const classTrigger types.OID = 2620

// depends is pg_depend. What the program itself is made of is pinned, and has no rows.
func depends() Table {
	add := func(r *Rows, from, on desc.ID, kind byte) {
		r.Add(from.Class, from.OID, from.Sub, on.Class, on.OID, on.Sub, kind)
	}
	object := func(class, oid types.OID) desc.ID { return desc.ID{Class: class, OID: oid} }
	column := func(relation types.OID, n int16) desc.ID {
		return desc.ID{Class: desc.ClassRelation, OID: relation, Sub: n}
	}
	relation := func(r *Rows, s *Source, c *desc.Relation) {
		self := object(desc.ClassRelation, c.OID)
		if c.Index == nil {
			add(r, self, object(desc.ClassSchema, c.Schema), 'n')
		}
		if c.RowType != 0 {
			add(r, object(desc.ClassType, c.RowType), self, 'i')
			add(r, object(desc.ClassType, c.RowArray), object(desc.ClassType, c.RowType), 'i')
		}
		if c.Owned != nil {
			kind := byte('a')
			if t := s.Relation(c.Owned.OID); t != nil && c.Owned.Sub > 0 && int(c.Owned.Sub) <= len(t.Columns) && t.Columns[c.Owned.Sub-1].Identity != 0 {
				kind = 'i'
			}
			add(r, self, *c.Owned, kind)
		}
		for i := range c.Columns {
			d := &c.Columns[i]
			if d.Dropped {
				continue
			}
			if d.Default != "" {
				kind := byte('a')
				if d.Generated {
					kind = 'i'
					for _, n := range mentioned(d.Default) {
						add(r, object(desc.ClassAttrdef, d.DefaultOID), column(c.OID, n), 'n')
					}
				}
				add(r, object(desc.ClassAttrdef, d.DefaultOID), column(c.OID, int16(i+1)), kind)
				for _, on := range named(d.Default) {
					add(r, object(desc.ClassAttrdef, d.DefaultOID), on, 'n')
				}
			}
			if d.Type >= desc.FirstUser {
				add(r, column(c.OID, int16(i+1)), object(desc.ClassType, d.Type), 'n')
			}
		}
		for i := range c.Checks {
			for _, n := range c.Checks[i].Columns {
				add(r, object(desc.ClassConstraint, c.Checks[i].OID), column(c.OID, n), 'a')
			}
			for _, on := range named(c.Checks[i].Expr) {
				add(r, object(desc.ClassConstraint, c.Checks[i].OID), on, 'n')
			}
		}
		for i := range c.Uniques {
			for _, n := range c.Uniques[i].Columns {
				add(r, object(desc.ClassConstraint, c.Uniques[i].OID), column(c.OID, n), 'a')
			}
			add(r, object(desc.ClassRelation, c.Uniques[i].Index), object(desc.ClassConstraint, c.Uniques[i].OID), 'i')
			if c.Uniques[i].Deferrable {
				add(r, object(classTrigger, TriggerOID(c.Uniques[i].OID, 0)), object(desc.ClassConstraint, c.Uniques[i].OID), 'i')
			}
		}
		for i := range c.ForeignKeys {
			k := &c.ForeignKeys[i]
			constraint := object(desc.ClassConstraint, k.OID)
			for _, n := range k.Columns {
				add(r, constraint, column(c.OID, n), 'a')
			}
			for _, n := range k.Keys {
				add(r, constraint, column(k.Target, n), 'n')
			}
			add(r, constraint, object(desc.ClassRelation, k.Index), 'n')
			for n := range 4 {
				add(r, object(classTrigger, TriggerOID(k.OID, n)), constraint, 'i')
			}
		}
		if c.Index != nil && !constraintIndex(s, c) {
			columns := slices.Clone(c.Index.Include)
			exprs := c.Index.Predicate
			for _, k := range c.Index.Keys {
				if k.Column != 0 {
					columns = append(columns, k.Column)
				}
				exprs += k.Expr
			}
			columns = append(columns, mentioned(exprs)...)
			slices.Sort(columns)
			for _, n := range slices.Compact(columns) {
				add(r, self, column(c.Index.Table, n), 'a')
			}
			if len(columns) == 0 {
				add(r, self, object(desc.ClassRelation, c.Index.Table), 'a')
			}
		}
		if c.View != nil {
			rule := object(desc.ClassRewrite, c.View.RuleOID)
			add(r, rule, self, 'i')
			add(r, rule, self, 'n')
		}
		for _, n := range c.Depends {
			from := self
			switch {
			case c.View != nil:
				from = object(desc.ClassRewrite, c.View.RuleOID)
			case n.Sub > 0 && int(n.Sub) <= len(c.Columns) && c.Columns[n.Sub-1].DefaultOID != 0:
				from = object(desc.ClassAttrdef, c.Columns[n.Sub-1].DefaultOID)
			}
			add(r, from, n.On, byte(n.Deptype()))
		}
	}
	return Table{Name: "pg_depend", Fill: func(r *Rows, s *Source) {
		for o := range s.All(desc.ClassRelation) {
			if c := o.(*desc.Relation); c.OID >= desc.FirstUser {
				relation(r, s, c)
			}
		}
		for o := range s.All(desc.ClassExtension) {
			if e := o.(*desc.Extension); e.OID >= desc.FirstUser {
				add(r, e.ID(), object(desc.ClassSchema, e.Schema), 'n')
			}
		}
	}}
}

// columnToken is how stored text names a column of its relation (sql/deparse).
var columnToken = regexp.MustCompile(`"@c([0-9]+)"`)

// objectToken is how it names other objects; a sequence is a regclass constant.
var objectToken = regexp.MustCompile(`"@([fto])([0-9]+)"|CAST\('([0-9]+)' AS "@t2205"\)`)

// named lists the users' objects that a stored expression names, each once.
func named(text string) []desc.ID {
	var list []desc.ID
	for _, m := range objectToken.FindAllStringSubmatch(text, -1) {
		id := desc.ID{Class: desc.ClassRelation, OID: types.FactOID(m[3])}
		if m[1] != "" {
			id = desc.ID{Class: map[string]types.OID{"f": desc.ClassProc, "t": desc.ClassType, "o": desc.ClassOperator}[m[1]], OID: types.FactOID(m[2])}
		}
		if id.OID >= desc.FirstUser && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// mentioned lists the columns that a stored expression names, each once.
func mentioned(text string) []int16 {
	var list []int16
	for _, m := range columnToken.FindAllStringSubmatch(text, -1) {
		if n := int16(number(m[1])); !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// constraintIndex tells an index that keeps a constraint.
func constraintIndex(s *Source, c *desc.Relation) bool {
	t := s.Relation(c.Index.Table)
	if t == nil {
		return false
	}
	for i := range t.Uniques {
		if t.Uniques[i].Index == c.OID {
			return true
		}
	}
	return false
}

// shdepends is pg_shdepend: owners, and roles that hold privileges.
func shdepends() Table {
	return Table{Name: "pg_shdepend", Fill: func(r *Rows, s *Source) {
		add := func(database types.OID, id desc.ID, owner types.OID, grants []desc.Grant) {
			if owner >= desc.FirstUser {
				r.Add(database, id.Class, id.OID, id.Sub, desc.ClassRole, owner, byte('o'))
			}
			seen := map[types.OID]bool{0: true, owner: true}
			for _, g := range grants {
				if !seen[g.Grantee] && g.Grantee >= desc.FirstUser {
					seen[g.Grantee] = true
					r.Add(database, id.Class, id.OID, id.Sub, desc.ClassRole, g.Grantee, byte('a'))
				}
			}
		}
		for o := range s.All(desc.ClassSchema) {
			n := o.(*desc.Schema)
			add(s.Database(), n.ID(), n.Owner, n.Grants)
		}
		for o := range s.All(desc.ClassRelation) {
			if c := o.(*desc.Relation); c.OID >= desc.FirstUser && c.Kind != desc.Index {
				add(s.Database(), c.ID(), c.Owner, c.Grants)
			}
		}
		for o := range s.All(desc.ClassDatabase) {
			d := o.(*desc.Database)
			add(0, d.ID(), d.Owner, d.Grants)
		}
	}}
}
