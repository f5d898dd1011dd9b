package table

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

func series(t function.Table) {
	t["generate_series_int4"], t["generate_series_step_int4"] = function.Impl{Set: integers[int32]}, function.Impl{Set: integers[int32]}
	t["generate_series_int8"], t["generate_series_step_int8"] = function.Impl{Set: integers[int64]}, function.Impl{Set: integers[int64]}
	t["generate_series_numeric"], t["generate_series_step_numeric"] = function.Impl{Set: decimals}, function.Impl{Set: decimals}
	t["generate_series_timestamp"] = function.Impl{Set: moments(false)}
	t["generate_series_timestamptz"] = function.Impl{Set: moments(true)}
}

func zeroStep() error { return pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero") }

// numbers counts from next to stop; wide enough that no step overflows.
type numbers[T int32 | int64] struct {
	next, stop, step int64
	done             bool
}

// anyNull tells whether a strict series has a null argument: it is empty.
func anyNull(args []*vector.Vector) bool { return loop.AnyNull(args, 0) }

func integers[T int32 | int64](_ *function.Call, args []*vector.Vector) (function.Rows, error) {
	if anyNull(args) {
		return nil, nil
	}
	at := func(i int) int64 { return int64(vector.Of[T](args[i])[0]) }
	n := &numbers[T]{next: at(0), stop: at(1), step: 1}
	if len(args) > 2 {
		if n.step = at(2); n.step == 0 {
			return nil, zeroStep()
		}
	}
	return n, nil
}

func (n *numbers[T]) Next(out []*vector.Vector, max int) (int, error) {
	values, k := vector.Of[T](out[0]), 0
	for k < max && !n.done && (n.step > 0 && n.next <= n.stop || n.step < 0 && n.next >= n.stop) {
		values[k] = T(n.next)
		k++
		next := n.next + n.step
		n.done = n.step > 0 && next < n.next || n.step < 0 && next > n.next
		n.next = next
	}
	return k, nil
}

// decimalSeries counts in numeric.
type decimalSeries struct{ next, stop, step numeric.Decimal }

func decimals(_ *function.Call, args []*vector.Vector) (function.Rows, error) {
	if anyNull(args) {
		return nil, nil
	}
	at := func(i int) numeric.Decimal { return vector.Of[numeric.Decimal](args[i])[0] }
	s := &decimalSeries{at(0), at(1), numeric.One}
	check := func(d numeric.Decimal, what string) error {
		switch {
		case d.IsNaN():
			return pgerr.New(pgerr.InvalidParameterValue, what+" cannot be NaN")
		case d.IsInf():
			return pgerr.New(pgerr.InvalidParameterValue, what+" cannot be infinity")
		}
		return nil
	}
	if err := check(s.next, "start value"); err != nil {
		return nil, err
	}
	if err := check(s.stop, "stop value"); err != nil {
		return nil, err
	}
	if len(args) > 2 {
		s.step = at(2)
		if err := check(s.step, "step size"); err != nil {
			return nil, err
		}
		if s.step.IsZero() {
			return nil, zeroStep()
		}
	}
	return s, nil
}

func (s *decimalSeries) Next(out []*vector.Vector, max int) (int, error) {
	values, k := vector.Of[numeric.Decimal](out[0]), 0
	for k < max && s.next.Cmp(s.stop)*s.step.Sign() <= 0 {
		values[k] = s.next
		k++
		next, err := s.next.Add(s.step)
		if err != nil {
			return k, err
		}
		s.next = next
	}
	return k, nil
}

// momentSeries counts in intervals.
type momentSeries struct {
	next, stop datetime.Timestamp
	step       datetime.Interval
	forward    bool
	zone       *datetime.Zone // nil for timestamp without zone
}

func moments(zoned bool) function.SetKernel {
	return func(c *function.Call, args []*vector.Vector) (function.Rows, error) {
		if anyNull(args) {
			return nil, nil
		}
		s := &momentSeries{next: loop.At[datetime.Timestamp](args[0], 0), stop: loop.At[datetime.Timestamp](args[1], 0), step: loop.At[datetime.Interval](args[2], 0)}
		direction := s.step.Cmp(datetime.Interval{})
		if direction == 0 {
			return nil, zeroStep()
		}
		s.forward = direction > 0
		if zoned {
			s.zone = datetime.UTC
			if f := c.Env.Format; f != nil && f.Datetime != nil && f.Datetime.Zone != nil {
				s.zone = f.Datetime.Zone
			}
		}
		return s, nil
	}
}

func (s *momentSeries) Next(out []*vector.Vector, max int) (int, error) {
	values, k := vector.Of[datetime.Timestamp](out[0]), 0
	for k < max && (s.forward && s.next <= s.stop || !s.forward && s.next >= s.stop) {
		values[k] = s.next
		k++
		next, err := datetime.Timestamp(0), error(nil)
		if s.zone != nil {
			next, err = s.next.AddIn(s.step, s.zone)
		} else {
			next, err = s.next.Add(s.step)
		}
		if err != nil {
			return k, err
		}
		s.next = next
	}
	return k, nil
}
