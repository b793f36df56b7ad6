"""Documents that people download: tables (CSV, XLSX), PDF and charts. Pure: no database, no HTTP routes."""
