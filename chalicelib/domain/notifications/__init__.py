"""Notifications: who is told about which events, what the message says, and when to try again if it cannot be delivered."""
