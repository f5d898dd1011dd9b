package bind

import (
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/sql/deparse"
	"datapunk/sql/logical"
	"datapunk/types"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// createView binds CREATE [OR REPLACE] VIEW.
func (b *Binder) createView(n *pg.ViewStmt) (logical.Utility, error) {
	if n.WithCheckOption != pg.ViewCheckOption_NO_CHECK_OPTION {
		return nil, pgerr.Unsupported("WITH CHECK OPTION")
	}
	query, err := b.Query(n.Query)
	if err != nil {
		return nil, err
	}
	if query.Command != logical.Select && query.Command != logical.Values {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "views must not contain data-modifying statements in WITH")
	}
	for _, c := range query.CTEs {
		if c.Changes {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "views must not contain data-modifying statements in WITH")
		}
	}
	v := &logical.CreateView{Name: n.View.Relname, Replace: n.Replace}
	for _, o := range n.Options {
		d := o.GetDefElem()
		switch d.Defname {
		case "security_barrier", "security_invoker":
			v.Options = append(v.Options, d.Defname+"="+optionText(d.Arg))
		case "check_option":
			return nil, pgerr.Unsupported("WITH CHECK OPTION")
		default:
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter \"%s\"", d.Defname)
		}
	}
	aliases := names(n.Aliases)
	visible := visibleTargets(query)
	if len(aliases) > len(visible) {
		return nil, pgerr.New(pgerr.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	for i, t := range visible {
		name := t.Name
		if i < len(aliases) {
			name = aliases[i]
		}
		for k := range v.Columns {
			if v.Columns[k].Name == name {
				return nil, pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" specified more than once", name)
			}
		}
		if t := t.Expr.Type(); t.Kind == types.Pseudo {
			return nil, pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", name, b.typeName(t))
		}
		v.Columns = append(v.Columns, desc.Column{Name: name, Type: t.Expr.Type().OID, Mod: t.Expr.Mod(), Collation: t.Expr.Collation()})
	}
	if v.Query, v.Needs, err = deparse.StoredQuery(query); err != nil {
		return nil, err
	}
	v.Temp = n.View.Relpersistence == "t"
	for _, u := range query.Uses {
		if r := b.Catalog.Relation(u.Relation); r != nil && r.Persistence == desc.Temp && !v.Temp {
			v.Temp = true
			b.notice(pgerr.SuccessfulCompletion, "view \"%s\" will be a temporary view", v.Name)
		}
	}
	v.Schema, err = b.creation(n.View, v.Temp)
	return v, err
}

// notice tells the session something that is no error.
func (b *Binder) notice(code pgerr.Code, format string, args ...any) {
	e := pgerr.Newf(code, format, args...)
	e.Severity = "NOTICE"
	if b.Notice != nil {
		b.Notice(e)
	}
}
