"""Table files: reading uploads, writing CSV and XLSX."""
