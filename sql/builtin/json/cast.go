package json

import (
	"datapunk/internal/pgerr"
	"datapunk/sql/function"
	"datapunk/types/jsonb"
	"datapunk/types/numeric"
)

func cannotCast(b []byte, to string) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "cannot cast jsonb %s to type %s", jsonb.TypeName(b), to)
}

func toNumber[R any](to string, f func(numeric.Decimal) (R, error)) function.Impl {
	return function.Map1E(func(b []byte) (R, error) {
		if jsonb.KindOf(b) != jsonb.Number {
			var zero R
			return zero, cannotCast(b, to)
		}
		return f(jsonb.Num(b))
	})
}

func casts(t function.Table) {
	t["jsonb_bool"] = function.Map1E(func(b []byte) (bool, error) {
		switch jsonb.KindOf(b) {
		case jsonb.True:
			return true, nil
		case jsonb.False:
			return false, nil
		}
		return false, cannotCast(b, "boolean")
	})
	t["jsonb_numeric"] = toNumber("numeric", func(d numeric.Decimal) (numeric.Decimal, error) { return d, nil })
	t["jsonb_int2"] = toNumber("smallint", numeric.Decimal.Int16)
	t["jsonb_int4"] = toNumber("integer", numeric.Decimal.Int32)
	t["jsonb_int8"] = toNumber("bigint", numeric.Decimal.Int64)
	t["jsonb_float4"] = toNumber("real", numeric.Decimal.Float32)
	t["jsonb_float8"] = toNumber("double precision", numeric.Decimal.Float64)
}
