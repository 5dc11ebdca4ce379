"""Product files: one row per SKU, columns named in Chinese or English, as CSV or XLSX."""
