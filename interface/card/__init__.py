"""Recognises and masks payment card numbers in any bytes."""
