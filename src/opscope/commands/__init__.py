"""The commands: each file adds one to the parser, and calls what does the work. What only one needs is loaded when it runs."""
