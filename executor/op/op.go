// Package op is the contract of operators and the environment they run in.
//
// Invariants:
//
//	O1  Next returns at most budget rows; an operator that locks rows or computes
//	    volatile expressions never runs ahead of it.
//	O2  A batch that Next returns is read-only and lives until the next call.
//	O3  An evaluation error is raised only when its row is asked for: the rows
//	    before it are returned first (Cut).
//	O4  Open after Close starts again with the Env's outer values of that moment.
package op

import (
	"context"

	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/types"
	"datapunk/types/vector"
)

// Operator gives rows in batches.
type Operator interface {
	Open() error
	// Next returns up to budget rows, or nil at the end.
	Next(budget int) (*vector.Batch, error)
	Close()
}

// Reporter is an operator that can tell what its last run needed.
type Reporter interface{ Usage() budget.Usage }

// Env is what the operators of one execution share.
type Env struct {
	*eval.Env
	Txn  kv.Txn
	View kv.View
	// Session answers what only the session can.
	Session Session
	// Space is the memory and the temporary files; nil is memory without end.
	Space *spill.Space
	// Changed counts changed rows, for the command tag.
	Changed int64
	// ReadCommitted: a row that changed while its lock was awaited is rechecked.
	ReadCommitted bool
	Overtaken     *Overtaken
	LockTimeout   int64 // ms
}

// Session is what operators ask of the session.
type Session interface {
	// RowCount tells the statistics that the rows of a table's storage changed.
	RowCount(storage uint32, inserted, updated, deleted int64)
	// NextRow allots row numbers of a table: count of them, from the returned one.
	NextRow(ctx context.Context, storage uint32, count uint64) (uint64, error)
	// Deferred runs a check or action of a constraint at the end of the statement, or
	// of the transaction if the constraint (the zero one is never) is deferred. Its
	// env has the context of the statement that is under way then.
	Deferred(constraint Constraint, env *Env, run func() error)
	// CurrentRow is the key of the row of a table that an open cursor is at.
	CurrentRow(cursor string, table types.OID, name string) ([]byte, error)
	Notice(*pgerr.Error)
}

// Constraint is what decides when a constraint is checked.
type Constraint struct {
	OID        types.OID
	Table      types.OID // that may not be altered before
	Deferrable bool
	Deferred   bool // unless SET CONSTRAINTS says otherwise
}

// Cut handles the error of an evaluation over a batch: the rows of sel before the
// error's are kept, and the error is held for the next call. It returns the rows,
// the held error, or err itself if it belongs to no row.
func Cut(sel []int32, err error) ([]int32, error, error) {
	e, ok := err.(*vector.RowError)
	if !ok {
		return nil, nil, err
	}
	for k, i := range sel {
		if int(i) >= e.Row {
			return sel[:k], e.Err, nil
		}
	}
	return sel, e.Err, nil
}

// Compile compiles expressions over a layout.
func Compile(list []expr.Expr, layout eval.Layout, env *Env) ([]*eval.Eval, error) {
	out := make([]*eval.Eval, len(list))
	for i, e := range list {
		if e == nil {
			continue
		}
		var err error
		if out[i], err = eval.Compile(e, layout, env.Env); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Drain reads an operator to its end.
func Drain(o Operator, fn func(*vector.Batch) error) error {
	for {
		b, err := o.Next(vector.Size)
		if err != nil {
			return err
		}
		if b == nil {
			return nil
		}
		if err := fn(b); err != nil {
			return err
		}
	}
}
