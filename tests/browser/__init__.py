"""The console as people see it: Chromium against the demo shop with all its processes, nothing replaced."""
