package vulndb

// shape is an entry without its versions.
type shape struct {
	set     int
	gitOnly bool
	listed  bool
	rating  string
	// statement is as the record has it.
	statement string
	vectors   []string
	ranges    [][]int // codes of events
	events    int     // in all ranges
	named     int     // events with a version of their own
}

// shapeTable holds the shapes of a family. Few of them are ever wanted, so that each
// is read when it is.
type shapeTable struct {
	tables *tables
	data   []byte
	spans  []span // of the shapes in data
	read   map[int]*shape
}

type span struct{ start, end int32 }

// readShapes reads where the shapes are.
func readShapes(r *reader, t *tables) *shapeTable {
	n := r.rows()
	table := &shapeTable{tables: t, data: r.data, spans: make([]span, 0, n), read: make(map[int]*shape)}
	for range n {
		size := r.count()
		table.spans = append(table.spans, span{int32(r.pos), int32(r.pos + size)})
		r.bytes(size)
	}
	return table
}

// shape gives one by its number; without one r is bad.
func (t *shapeTable) shape(r *reader, n int) *shape {
	if s := t.read[n]; s != nil {
		return s
	}
	where := at(r, t.spans, n)
	own := &reader{data: t.data[where.start:where.end]}
	s := readShape(own, t.tables)
	if own.bad {
		r.fail()
		return nil
	}
	t.read[n] = s
	return s
}

func readShape(r *reader, t *tables) *shape {
	s := &shape{set: r.number()}
	flags := r.number()
	s.gitOnly, s.listed = flags&shapeGitOnly != 0, flags&shapeVersions != 0
	s.rating = at(r, ratingOrder, flags>>shapeRatingShift&shapeRatingMask)
	s.statement = at(r, statementOrder, flags>>shapeStatementShift)
	if flags&shapeVectors != 0 {
		for range r.count() {
			s.vectors = append(s.vectors, at(r, t.vectors, r.number()))
		}
	}
	for range r.count() {
		codes := r.numbers()
		for _, code := range codes {
			s.events++
			if code&1 == 0 {
				s.named++
			}
		}
		s.ranges = append(s.ranges, codes)
	}
	return s
}
