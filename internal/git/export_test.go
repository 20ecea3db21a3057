package git

// Others lets a test stay on its own thread: Files starts several.
var Others = (*Repo).others
