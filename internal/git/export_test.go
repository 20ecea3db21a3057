package git

// Others lets a test stay on its own thread: Files starts several.
var Others = (*Repo).others

// Folder is where our own .git folder lies.
func Folder(o *Objects) string { return o.dir }

// Idle is how many processes wait.
func Idle(o *Objects) int { return len(o.differs.idle) }

// LimitHunk sets another limit than MaxHunk.
func LimitHunk(o *Objects, n int) { o.maxHunk = n }

// LinkSharedIndex is linkSharedIndex.
var LinkSharedIndex = linkSharedIndex
