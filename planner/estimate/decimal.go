package estimate

import (
	"datapunk/types/numeric"
	"datapunk/types/vector"
)

func decimal(v *vector.Vector, i int) (float64, error) {
	return vector.Of[numeric.Decimal](v)[i].Float64()
}
