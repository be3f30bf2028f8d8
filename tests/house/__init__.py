"""House rules that no linter knows, checked over the whole project."""
