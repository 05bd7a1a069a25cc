"""Read files and pages in a process of their own, which is ended when one takes too much.

A few kilobytes can hold a parsing library for hours or fill the memory. Read the modules in this
order:

- `reading`: reads a file or a page in a reading process
- `process`: starts reading processes, waits for them and ends them
- `worker`: the program of a reading process, with its limits of processor time and memory
- `messages`: the messages between the two
"""
