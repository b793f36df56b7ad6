"""Tests of the reply check."""
