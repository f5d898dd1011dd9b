package math

import (
	"math"
	"strconv"

	"datapunk/internal/pgerr"
	"datapunk/sql/function"
)

const radiansPerDegree = 0.0174532925199432957692

func short(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

func domain() error { return pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range") }

// finite wraps a function that has no value at infinity.
func finite(f func(float64) float64) function.Impl {
	return function.Map1E(func(x float64) (float64, error) {
		if math.IsInf(x, 0) {
			return 0, domain()
		}
		return f(x), nil
	})
}

// within wraps a function of low to high.
func within(low, high float64, f func(float64) float64) function.Impl {
	return function.Map1E(func(x float64) (float64, error) {
		if x < low || x > high {
			return 0, domain()
		}
		return f(x), nil
	})
}

// The values that make the degree functions exact where the manual says so.
var (
	thirty, sixty = 30.0, 60.0 // variables: rounded as an argument would be
	sin30         = sin(thirty * radiansPerDegree)
	oneMinusCos60 = 1 - cos(sixty*radiansPerDegree)
	asin05        = asin(0.5)
	acos05        = acos(0.5)
	atan1         = atan(1)
	tan45         = sindQ1(45) / cosdQ1(45)
	cot45         = cosdQ1(45) / sindQ1(45)
)

func sind0to30(x float64) float64 { return sin(x*radiansPerDegree) / sin30 / 2 }
func cosd0to60(x float64) float64 {
	return 1 - (1-cos(x*radiansPerDegree))/oneMinusCos60/2
}

func sindQ1(x float64) float64 {
	if x <= 30 {
		return sind0to30(x)
	}
	return cosd0to60(90 - x)
}

func cosdQ1(x float64) float64 {
	if x <= 60 {
		return cosd0to60(x)
	}
	return sind0to30(90 - x)
}

func sind(x float64) float64 {
	x = math.Mod(x, 360)
	sign := 1.0
	if x < 0 {
		x, sign = -x, -1
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x = 180 - x
	}
	return sign * sindQ1(x)
}

func cosd(x float64) float64 {
	x = math.Abs(math.Mod(x, 360))
	sign := 1.0
	if x > 180 {
		x = 360 - x
	}
	if x > 90 {
		x, sign = 180-x, -1
	}
	return sign * cosdQ1(x)
}

// quarter folds an angle for tangent and cotangent.
func quarter(x float64) (folded, sign float64) {
	x = math.Mod(x, 360)
	sign = 1
	if x < 0 {
		x, sign = -x, -1
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return x, sign
}

func tand(x float64) float64 {
	x, sign := quarter(x)
	r := sign * ((sindQ1(x) / cosdQ1(x)) / tan45)
	if r == 0 {
		return 0
	}
	return r
}

func cotd(x float64) float64 {
	x, sign := quarter(x)
	r := sign * ((cosdQ1(x) / sindQ1(x)) / cot45)
	if r == 0 {
		return 0
	}
	return r
}

func asindQ1(x float64) float64 {
	if x <= 0.5 {
		return asin(x) / asin05 * 30
	}
	return 90 - acos(x)/acos05*60
}

func acosdQ1(x float64) float64 {
	if x <= 0.5 {
		return 90 - asin(x)/asin05*30
	}
	return acos(x) / acos05 * 60
}

func trigonometry(t function.Table) {
	t["dsin"], t["dcos"], t["dtan"] = finite(sin), finite(cos), finite(tan)
	t["dcot"] = finite(func(x float64) float64 { return 1 / tan(x) })
	t["dasin"], t["dacos"] = within(-1, 1, asin), within(-1, 1, acos)
	t["datan"] = function.Map1(atan)
	t["datan2"] = function.Map2(atan2)
	t["dsind"], t["dcosd"], t["dtand"], t["dcotd"] = finite(sind), finite(cosd), finite(tand), finite(cotd)
	t["dasind"] = within(-1, 1, func(x float64) float64 {
		if x >= 0 {
			return asindQ1(x)
		}
		return -asindQ1(-x)
	})
	t["dacosd"] = within(-1, 1, func(x float64) float64 {
		if x >= 0 {
			return acosdQ1(x)
		}
		return 90 + asindQ1(-x)
	})
	t["datand"] = function.Map1(func(x float64) float64 { return atan(x) / atan1 * 45 })
	t["datan2d"] = function.Map2(func(y, x float64) float64 { return atan2(y, x) / atan1 * 45 })
	t["dsinh"], t["dtanh"] = function.Map1(math.Sinh), function.Map1(math.Tanh)
	t["dcosh"] = function.Map1(math.Cosh)
	t["dasinh"] = function.Map1(math.Asinh)
	t["dacosh"] = within(1, math.Inf(1), math.Acosh)
	t["datanh"] = function.Map1E(func(x float64) (float64, error) {
		if x < -1 || x > 1 {
			return 0, domain()
		}
		return math.Atanh(x), nil
	})
}
