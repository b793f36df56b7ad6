"""Tables as files: reading uploads and writing CSV and XLSX."""
