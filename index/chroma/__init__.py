"""The only code that uses Chroma: the storage of articles and chunks.

Modules in reading order:

- `records`: records, marks and chunks, and their form in Chroma (pure).
- `connection`: opens a folder or a server with its two collections, and swaps them in a rebuild.
  It rests on `disk/` (the folder, its lock, full disks, damage after a crash), `schema` (creating
  and recognising collections) and `errors` (Chroma's errors as sentences).
- `registry`: the records of articles, with `locks` (writers kept apart) and `versions` (a cache).
- `reader`: reads records and chunks.
- `writer`: changes articles in single steps, with `chunk_store` (chunks and their vectors).
- `checkup`: checks the whole index and repairs it.
- `export`: an index in one file.
"""
