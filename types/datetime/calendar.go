package datetime

// julian returns the Julian day of a Gregorian date; months 1..12 only.
func julian(y, m, d int) int {
	if m > 2 {
		m++
		y += 4800
	} else {
		m += 13
		y += 4799
	}
	c := y / 100
	j := y*365 - 32167
	j += y/4 - c + c/4
	j += 7834*m/256 + d
	return j
}

// fromJulian returns the Gregorian date of a Julian day.
func fromJulian(jd int) (y, m, d int) {
	j := uint32(jd) + 32044 // wraps for days before the epoch of Julian days
	quad := j / 146097
	extra := (j-quad*146097)*4 + 3
	j += 60 + quad*3 + extra/146097
	quad = j / 1461
	j -= quad * 1461
	yy := int(j * 4 / 1461)
	if yy != 0 {
		j = (j+305)%365 + 123
	} else {
		j = (j+306)%366 + 123
	}
	yy += int(quad) * 4
	y = yy - 4800
	q := int(j) * 2141 / 65536
	d = int(j) - 7834*q/256
	m = (q+10)%12 + 1
	return
}

// weekday is 0 for Sunday.
func weekday(jd int) int {
	w := (jd + 1) % 7
	if w < 0 {
		w += 7
	}
	return w
}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

var monthDays = [2][13]int{{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}, {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}}

func daysIn(y, m int) int {
	if isLeap(y) {
		return monthDays[1][m-1]
	}
	return monthDays[0][m-1]
}

// validJulian bounds the years that julian() can take.
func validJulian(y, m int) bool {
	return (y > -4713 || y == -4713 && m >= 11) && (y < 5874898 || y == 5874898 && m < 6)
}

// isoWeekStart is the Julian day of the Monday of a week of an ISO year.
func isoWeekStart(year, week int) int {
	d4 := julian(year, 1, 4)
	d0 := (weekday(d4) + 6) % 7
	return (week-1)*7 + d4 - d0
}

// isoWeek returns the ISO year and week of a date.
func isoWeek(y, m, d int) (year, week int) {
	jd := julian(y, m, d)
	year = y
	start := isoWeekStart(year, 1)
	if jd < start {
		year--
		start = isoWeekStart(year, 1)
	}
	week = (jd-start)/7 + 1
	if week >= 52 {
		if next := isoWeekStart(year+1, 1); jd >= next {
			year++
			week = (jd-next)/7 + 1
		}
	}
	return
}

func floorInt(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"}

var dayNames = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
