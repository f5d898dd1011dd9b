package system

import (
	"strconv"

	"datapunk/catalog/desc"
	"datapunk/types"
)

// constraints is pg_constraint.
func constraints() Table {
	t := relations("pg_constraint", "conrelid", addConstraints)
	all := t.Fill
	t.Fill = func(r *Rows, s *Source) {
		for _, k := range loaded().checks {
			r.Add(k.oid, domainCheckName(k), InformationSchema, byte('c'), false, false, true, 0, k.domain.OID, 0, 0, 0, byte(' '), byte(' '), byte(' '),
				true, 0, false, nil, nil, nil, nil, nil, nil, nil, k.text)
		}
		all(r, s)
	}
	return t
}

func domainCheckName(k domainCheck) string {
	if k.domain.Name == "yes_or_no" {
		return "yes_or_no_check"
	}
	return k.domain.Name + "_domain_check"
}

func addConstraints(r *Rows, s *Source, c *desc.Relation) {
	for i := range c.Checks {
		k := &c.Checks[i]
		r.Add(k.OID, k.Name, c.Schema, byte('c'), false, false, !k.NotValid, c.OID, 0, 0, 0, 0, byte(' '), byte(' '), byte(' '),
			true, 0, k.NoInherit, k.Columns, nil, nil, nil, nil, nil, nil, k.Expr)
	}
	for i := range c.Uniques {
		k := &c.Uniques[i]
		kind := byte('u')
		if k.Primary {
			kind = 'p'
		}
		r.Add(k.OID, k.Name, c.Schema, kind, k.Deferrable, k.Deferred, true, c.OID, 0, k.Index, 0, 0, byte(' '), byte(' '), byte(' '),
			true, 0, true, k.Columns, nil, nil, nil, nil, nil, nil, nil)
	}
	for i := range c.ForeignKeys {
		k := &c.ForeignKeys[i]
		across, keys, own := foreignOperators(s, c, k)
		r.Add(k.OID, k.Name, c.Schema, byte('f'), k.Deferrable, k.Deferred, !k.NotValid, c.OID, 0, k.Index, 0, k.Target,
			orElse(k.OnUpdate, 'a'), orElse(k.OnDelete, 'a'), orElse(k.Match, 's'), true, 0, true, k.Columns, k.Keys,
			across, keys, own, k.SetColumns, nil, nil)
	}
}

// foreignOperators are the operators key = column, key = key and column = column.
func foreignOperators(s *Source, c *desc.Relation, k *desc.ForeignKey) (across, keys, own []types.OID) {
	target := s.Relation(k.Target)
	if target == nil {
		return nil, nil, nil
	}
	for i, n := range k.Columns {
		column, key := s.typeOf(c.Columns[n-1].Type), s.typeOf(target.Columns[k.Keys[i]-1].Type)
		if column == nil || key == nil {
			return nil, nil, nil
		}
		across, keys, own = append(across, equalOperator(key, column)), append(keys, equalOperator(key, key)), append(own, equalOperator(column, column))
	}
	return across, keys, own
}

// The functions of the triggers that check foreign keys (pg_proc), by action.
const (
	checkIns types.OID = 1644
	checkUpd types.OID = 1645
)

const checkUnique types.OID = 1250 // and of those of deferrable unique constraints

// rechecked tells whether a table has a deferrable unique constraint.
func rechecked(c *desc.Relation) bool {
	for i := range c.Uniques {
		if c.Uniques[i].Deferrable {
			return true
		}
	}
	return false
}

var onDelete = map[byte]types.OID{'a': 1654, 'r': 1648, 'c': 1646, 'n': 1650, 'd': 1652}
var onUpdate = map[byte]types.OID{'a': 1655, 'r': 1649, 'c': 1647, 'n': 1651, 'd': 1653}

// The bits of tgtype.
const (
	forRow    = 1
	onInsertB = 4
	onDeleteB = 8
	onUpdateB = 16
)

// TriggerOID numbers the four triggers that a foreign key has in PostgreSQL. They
// exist only as rows here; the numbers are from the upper half, which is given to
// nothing else.
func TriggerOID(constraint types.OID, n int) types.OID {
	return 1<<31 | constraint<<2&(1<<31-1) | types.OID(n)
}

// triggers is pg_trigger: those by which foreign keys are checked. Only checks wait for
// the end of a transaction, never an action but NO ACTION.
func triggers() Table {
	return relations("pg_trigger", "tgrelid", func(r *Rows, s *Source, c *desc.Relation) {
		add := func(k *desc.ForeignKey, n int, relation, other, function types.OID, event int, deferrable bool) {
			oid := TriggerOID(k.OID, n)
			side := "a"
			if n > 1 {
				side = "c"
			}
			r.Add(oid, relation, 0, "RI_ConstraintTrigger_"+side+"_"+strconv.FormatUint(uint64(oid), 10), function, forRow|event, byte('O'), true,
				other, k.Index, k.OID, deferrable && k.Deferrable, deferrable && k.Deferred, 0, []int16{}, []byte{}, nil, nil, nil)
		}
		for _, from := range c.References {
			if t := s.Relation(from); t != nil {
				for i := range t.ForeignKeys {
					if k := &t.ForeignKeys[i]; k.Target == c.OID {
						add(k, 0, c.OID, t.OID, onDelete[orElse(k.OnDelete, 'a')], onDeleteB, orElse(k.OnDelete, 'a') == 'a')
						add(k, 1, c.OID, t.OID, onUpdate[orElse(k.OnUpdate, 'a')], onUpdateB, orElse(k.OnUpdate, 'a') == 'a')
					}
				}
			}
		}
		for i := range c.Uniques {
			if u := &c.Uniques[i]; u.Deferrable {
				oid, name := TriggerOID(u.OID, 0), "Unique_ConstraintTrigger_"
				if u.Primary {
					name = "PK_ConstraintTrigger_"
				}
				r.Add(oid, c.OID, 0, name+strconv.FormatUint(uint64(oid), 10), checkUnique, forRow|onInsertB|onUpdateB, byte('O'), true,
					0, u.Index, u.OID, true, u.Deferred, 0, []int16{}, []byte{}, nil, nil, nil)
			}
		}
		for i := range c.ForeignKeys {
			k := &c.ForeignKeys[i]
			add(k, 2, c.OID, k.Target, checkIns, onInsertB, true)
			add(k, 3, c.OID, k.Target, checkUpd, onUpdateB, true)
		}
	})
}
