"""HealthPay24 interface engine."""
