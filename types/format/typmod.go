package format

import (
	"datapunk/internal/pgerr"
	"datapunk/types"
	"datapunk/types/datetime"
	"datapunk/types/numeric"
)

// maxLength is the longest varchar(n) and char(n).
const maxLength = 10 << 20

// maxPrecision is the most digits of a second.
const maxPrecision = 6

// ParseMod turns the arguments of a type name into its modifier, as the type's
// typmodin function does.
func ParseMod(t *types.Type, args []string) (int32, error) {
	if t.IsArray() {
		t = t.Elem
	}
	n := make([]int32, len(args))
	for i, a := range args {
		v, err := ParseInt(a, 32, "integer")
		if err != nil && (t.ModIn != 0 || t.OID == types.OIDBPChar) {
			return -1, err
		}
		n[i] = int32(v)
	}
	invalid := pgerr.New(pgerr.InvalidParameterValue, "invalid type modifier")
	switch t.OID {
	case types.OIDVarchar:
		return length(n, "varchar", maxLength, header)
	case types.OIDBPChar:
		return length(n, "char", maxLength, header)
	case types.OIDBit:
		return length(n, "bit", maxBits, 0)
	case types.OIDVarbit:
		return length(n, "varbit", maxBits, 0)
	case types.OIDNumeric:
		switch len(n) {
		case 1:
			return numeric.Typmod(int(n[0]), 0)
		case 2:
			return numeric.Typmod(int(n[0]), int(n[1]))
		}
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid NUMERIC type modifier")
	case types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz:
		if len(n) != 1 {
			return -1, invalid
		}
		if n[0] < 0 {
			name, zone := "TIME", ""
			if t.OID == types.OIDTimestamp || t.OID == types.OIDTimestamptz {
				name = "TIMESTAMP"
			}
			if t.OID == types.OIDTimetz || t.OID == types.OIDTimestamptz {
				zone = " WITH TIME ZONE"
			}
			return -1, pgerr.Newf(pgerr.InvalidParameterValue, "%s(%d)%s precision must not be negative", name, n[0], zone)
		}
		return min(n[0], maxPrecision), nil
	case types.OIDInterval:
		return intervalMod(n)
	}
	return -1, pgerr.Newf(pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", t.Name)
}

// maxBits is the longest bit string.
const maxBits = 83886080

func length(n []int32, name string, limit, add int32) (int32, error) {
	switch {
	case len(n) != 1:
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid type modifier")
	case n[0] < 1:
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "length for type %s must be at least 1", name)
	case n[0] > limit:
		return -1, pgerr.Newf(pgerr.InvalidParameterValue, "length for type %s cannot exceed %d", name, limit)
	}
	return n[0] + add, nil
}

func intervalMod(n []int32) (int32, error) {
	if len(n) > 0 {
		if _, ok := intervalFields[int(n[0])]; !ok {
			return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid INTERVAL type modifier")
		}
	}
	switch len(n) {
	case 1:
		if n[0] == datetime.IntervalFullRange {
			return -1, nil
		}
		return datetime.IntervalTypmod(datetime.IntervalFullPrecision, int(n[0])), nil
	case 2:
		if n[1] < 0 {
			return -1, pgerr.Newf(pgerr.InvalidParameterValue, "INTERVAL(%d) precision must not be negative", n[1])
		}
		return datetime.IntervalTypmod(int(min(n[1], maxPrecision)), int(n[0])), nil
	}
	return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid INTERVAL type modifier")
}
