"""The app's pages. Each reads input, calls one function of the package, and shows the result."""
