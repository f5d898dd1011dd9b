package datetime

import "strings"

// kind is what a keyword means; the values are bits of a field mask too.
type kind uint8

const (
	kReserved  kind = 0
	kMonth     kind = 1
	kYear      kind = 2
	kDay       kind = 3
	kJulian    kind = 4
	kZone      kind = 5 // fixed abbreviation
	kDST       kind = 6 // fixed daylight abbreviation
	kDynamic   kind = 7 // abbreviation that follows a zone
	kIgnore    kind = 8
	kAMPM      kind = 9
	kHour      kind = 10
	kMinute    kind = 11
	kSecond    kind = 12
	kMilli     kind = 13
	kMicro     kind = 14
	kYearDay   kind = 15
	kWeekday   kind = 16
	kUnits     kind = 17
	kEra       kind = 18
	kAgo       kind = 19
	kISOTime   kind = 23
	kWeek      kind = 24
	kDecade    kind = 25
	kCentury   kind = 26
	kMillenn   kind = 27
	kDSTMod    kind = 28
	kQuarter   kind = 29
	kUnknown   kind = 31
	kEpoch     kind = 40
	kNow       kind = 41
	kToday     kind = 42
	kTomorrow  kind = 43
	kYesterday kind = 44
	kZulu      kind = 45
	kLate      kind = 46
	kEarly     kind = 47
	kISOYear   kind = 48
	kISODOW    kind = 49
	kDOW       kind = 50
	kDOY       kind = 51
	kTZ        kind = 52
	kTZHour    kind = 53
	kTZMinute  kind = 54
	kDate      kind = 60 // a date is complete
	kTime      kind = 61
)

func bit(k kind) uint32 { return 1 << k }

const (
	maskSeconds = 1<<kSecond | 1<<kMilli | 1<<kMicro
	maskDate    = 1<<kYear | 1<<kMonth | 1<<kDay
	maskTime    = 1<<kHour | 1<<kMinute | maskSeconds
)

type token struct {
	kind  kind
	value int
}

// tokenLength is how many letters of a word count.
const tokenLength = 10

func lookup(m map[string]token, word string) (token, bool) {
	if len(word) > tokenLength {
		word = word[:tokenLength]
	}
	t, ok := m[word]
	return t, ok
}

// dateTokens are the words of date and time input.
var dateTokens = func() map[string]token {
	m := map[string]token{
		"-infinity": {kReserved, int(kEarly)}, "infinity": {kReserved, int(kLate)},
		"ad": {kEra, 0}, "bc": {kEra, 1}, "allballs": {kReserved, int(kZulu)},
		"am": {kAMPM, 1}, "pm": {kAMPM, 2}, "at": {kIgnore, 0}, "on": {kIgnore, 0},
		"d": {kUnits, int(kDay)}, "dst": {kDSTMod, 3600}, "epoch": {kReserved, int(kEpoch)},
		"h": {kUnits, int(kHour)}, "isodow": {kUnits, int(kISODOW)}, "isoyear": {kUnits, int(kISOYear)},
		"j": {kUnits, int(kJulian)}, "jd": {kUnits, int(kJulian)}, "julian": {kUnits, int(kJulian)},
		"m": {kUnits, int(kMonth)}, "mm": {kUnits, int(kMinute)}, "now": {kReserved, int(kNow)},
		"s": {kUnits, int(kSecond)}, "t": {kISOTime, int(kTime)}, "today": {kReserved, int(kToday)},
		"tomorrow": {kReserved, int(kTomorrow)}, "y": {kUnits, int(kYear)},
		"yesterday": {kReserved, int(kYesterday)}, "sept": {kMonth, 9}, "tues": {kWeekday, 2},
		"weds": {kWeekday, 3}, "thur": {kWeekday, 4}, "thurs": {kWeekday, 4},
		"dow": {kUnits, int(kDOW)}, "doy": {kUnits, int(kDOY)},
	}
	for i, n := range monthNames {
		n = strings.ToLower(n)
		m[n] = token{kMonth, i + 1}
		m[n[:3]] = token{kMonth, i + 1}
	}
	for i, n := range dayNames {
		n = strings.ToLower(n)
		m[n] = token{kWeekday, i}
		m[n[:3]] = token{kWeekday, i}
	}
	return m
}()

// unitTokens are the words of interval input and of extract and date_trunc.
var unitTokens = map[string]token{
	"@": {kIgnore, 0}, "ago": {kAgo, 0},
	"c": {kUnits, int(kCentury)}, "cent": {kUnits, int(kCentury)}, "centuries": {kUnits, int(kCentury)}, "century": {kUnits, int(kCentury)},
	"d": {kUnits, int(kDay)}, "day": {kUnits, int(kDay)}, "days": {kUnits, int(kDay)},
	"dec": {kUnits, int(kDecade)}, "decade": {kUnits, int(kDecade)}, "decades": {kUnits, int(kDecade)}, "decs": {kUnits, int(kDecade)},
	"h": {kUnits, int(kHour)}, "hour": {kUnits, int(kHour)}, "hours": {kUnits, int(kHour)}, "hr": {kUnits, int(kHour)}, "hrs": {kUnits, int(kHour)},
	"m": {kUnits, int(kMinute)}, "microsecon": {kUnits, int(kMicro)},
	"mil": {kUnits, int(kMillenn)}, "millennia": {kUnits, int(kMillenn)}, "millennium": {kUnits, int(kMillenn)}, "mils": {kUnits, int(kMillenn)},
	"millisecon": {kUnits, int(kMilli)},
	"min":        {kUnits, int(kMinute)}, "mins": {kUnits, int(kMinute)}, "minute": {kUnits, int(kMinute)}, "minutes": {kUnits, int(kMinute)},
	"mon": {kUnits, int(kMonth)}, "mons": {kUnits, int(kMonth)}, "month": {kUnits, int(kMonth)}, "months": {kUnits, int(kMonth)},
	"ms": {kUnits, int(kMilli)}, "msec": {kUnits, int(kMilli)}, "msecond": {kUnits, int(kMilli)}, "mseconds": {kUnits, int(kMilli)}, "msecs": {kUnits, int(kMilli)},
	"qtr": {kUnits, int(kQuarter)}, "quarter": {kUnits, int(kQuarter)},
	"s": {kUnits, int(kSecond)}, "sec": {kUnits, int(kSecond)}, "second": {kUnits, int(kSecond)}, "seconds": {kUnits, int(kSecond)}, "secs": {kUnits, int(kSecond)},
	"timezone": {kUnits, int(kTZ)}, "timezone_h": {kUnits, int(kTZHour)}, "timezone_m": {kUnits, int(kTZMinute)},
	"us": {kUnits, int(kMicro)}, "usec": {kUnits, int(kMicro)}, "usecond": {kUnits, int(kMicro)}, "useconds": {kUnits, int(kMicro)}, "usecs": {kUnits, int(kMicro)},
	"w": {kUnits, int(kWeek)}, "week": {kUnits, int(kWeek)}, "weeks": {kUnits, int(kWeek)},
	"y": {kUnits, int(kYear)}, "year": {kUnits, int(kYear)}, "years": {kUnits, int(kYear)}, "yr": {kUnits, int(kYear)}, "yrs": {kUnits, int(kYear)},
}
