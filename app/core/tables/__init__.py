"""Tables as files: CSV and XLSX in and out, as plain strings, whatever a spreadsheet makes of them."""
