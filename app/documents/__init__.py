"""Downloadable documents: tables (CSV, XLSX), PDF and charts, without database access and HTTP routes."""
