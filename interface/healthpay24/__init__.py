"""HealthPay24, the other side: what it can do, and the adapters that do it."""
