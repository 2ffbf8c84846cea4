"""Tokens that somebody found where everybody can read them, reported in the format of GitHub's secret scanning.

https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program
"""
