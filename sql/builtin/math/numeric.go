package math

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

type decimal = numeric.Decimal

func numerics(t function.Table) {
	order := loop.Values(decimal.Cmp)
	loop.All(t, "numeric_", order)
	t["numeric_cmp"] = loop.Cmp(order)
	t["numeric_larger"], t["numeric_smaller"] = loop.Pick(true, order), loop.Pick(false, order)
	t["numeric_add"] = function.Map2E(decimal.Add)
	t["numeric_sub"] = function.Map2E(decimal.Sub)
	t["numeric_mul"] = function.Map2E(decimal.Mul)
	t["numeric_div"] = function.Map2E(decimal.Div)
	t["numeric_div_trunc"] = function.Map2E(decimal.DivTrunc)
	t["numeric_mod"] = function.Map2E(decimal.Mod)
	t["numeric_power"] = function.Map2E(numeric.Power)
	t["numeric_log"] = function.Map2E(numeric.Log)
	t["log(numeric)"] = function.Map1E(decimal.Log10)
	t["log10(numeric)"] = function.Map1E(decimal.Log10)
	t["numeric_ln"] = function.Map1E(decimal.Ln)
	t["numeric_exp"] = function.Map1E(decimal.Exp)
	t["numeric_sqrt"] = function.Map1E(decimal.Sqrt)
	t["numeric_gcd"] = function.Map2E(decimal.Gcd)
	t["numeric_lcm"] = function.Map2E(decimal.Lcm)
	t["numeric_fac"] = function.Map1E(numeric.Factorial)
	t["numeric_abs"] = function.Map1(decimal.Abs)
	t["numeric_uminus"] = function.Map1(decimal.Neg)
	t["numeric_uplus"] = function.Map1(func(d decimal) decimal { return d })
	t["numeric_inc"] = function.Map1E(func(d decimal) (decimal, error) { return d.Add(numeric.One) })
	t["numeric_ceil"] = function.Map1(decimal.Ceil)
	t["numeric_floor"] = function.Map1(decimal.Floor)
	t["numeric_sign"] = function.Map1(decimal.Signum)
	t["numeric_trim_scale"] = function.Map1(decimal.TrimScale)
	t["numeric_round"] = function.Map2E(func(d decimal, n int32) (decimal, error) { return d.Round(int(n)) })
	t["round(numeric)"] = function.Map1E(func(d decimal) (decimal, error) { return d.Round(0) })
	t["numeric_trunc"] = function.Map2(func(d decimal, n int32) decimal { return d.Trunc(int(n)) })
	t["trunc(numeric)"] = function.Map1(func(d decimal) decimal { return d.Trunc(0) })
	t["numeric"] = function.Map2E(func(d decimal, mod int32) (decimal, error) { return d.CoerceTypmod(mod) })
	scale := func(f func(decimal) (int, bool)) function.Impl {
		return function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			n, ok := f(loop.At[decimal](args[0], i))
			if !ok {
				out.SetNull(i)
				return nil
			}
			loop.Put(out, i, int32(n))
			return nil
		})
	}
	t["numeric_scale"], t["numeric_min_scale"] = scale(decimal.Scale), scale(decimal.MinScale)
	t["width_bucket_numeric"] = function.Map4C(func(_ *function.Call, d, low, high decimal, n int32) (int32, error) {
		return numeric.WidthBucket(d, low, high, n)
	})
	t["numeric_to_char"] = function.Map2E(func(d decimal, f string) (string, error) { return d.ToChar(f) })
	t["int4_to_char"] = function.Map2E(numeric.ToCharInt32)
	t["int8_to_char"] = function.Map2E(numeric.ToCharInt64)
	t["float4_to_char"] = function.Map2E(numeric.ToCharFloat32)
	t["float8_to_char"] = function.Map2E(numeric.ToCharFloat64)
	t["numeric_to_number"] = function.Row(func(_ *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
		d, ok, err := numeric.ToNumber(args[0].String(i), args[1].String(i))
		if err != nil {
			return err
		}
		if !ok {
			out.SetNull(i)
			return nil
		}
		loop.Put(out, i, d)
		return nil
	})
	lsn := func(a uint64, d decimal, sub bool) (uint64, error) {
		if d.IsNaN() {
			if sub {
				return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot subtract NaN from pg_lsn")
			}
			return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot add NaN to pg_lsn")
		}
		base := lsnDecimal(a)
		var r decimal
		var err error
		if sub {
			r, err = base.Sub(d)
		} else {
			r, err = base.Add(d)
		}
		if err != nil {
			return 0, err
		}
		return decimalLSN(r)
	}
	t["pg_lsn_pli"] = function.Map2E(func(a uint64, d decimal) (uint64, error) { return lsn(a, d, false) })
	t["pg_lsn_mii"] = function.Map2E(func(a uint64, d decimal) (uint64, error) { return lsn(a, d, true) })
	t["numeric_pl_pg_lsn(numeric,pg_lsn)"] = function.Map2E(func(d decimal, a uint64) (uint64, error) { return lsn(a, d, false) })
	t["pg_lsn_mi"] = function.Map2E(func(a, b uint64) (decimal, error) { return lsnDecimal(a).Sub(lsnDecimal(b)) })
	t["pg_wal_lsn_diff"] = t["pg_lsn_mi"]
	t["numeric_pg_lsn"] = function.Map1E(func(d decimal) (uint64, error) {
		if d.IsNaN() {
			return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to pg_lsn")
		}
		return decimalLSN(d)
	})
}

// lsnDecimal makes a number of a log position.
func lsnDecimal(a uint64) decimal {
	if int64(a) >= 0 {
		return numeric.FromInt64(int64(a))
	}
	half := numeric.FromInt64(int64(a >> 1))
	d, _ := half.Add(half)
	d, _ = d.Add(numeric.FromInt64(int64(a & 1)))
	return d
}

func decimalLSN(d decimal) (uint64, error) {
	d, err := d.Round(0)
	if err != nil || !d.IsFinite() || d.Sign() < 0 || d.Coefficient().BitLen() > 64 {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "pg_lsn out of range")
	}
	return d.Coefficient().Uint64(), nil
}
