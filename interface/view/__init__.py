"""What people and programs are shown of the store and may ask of it: flat rows, filters, two Protocols.

Times are UTC microseconds, 0 where there is none; absent words are empty text. A row opens sealed values where it says so.
"""
