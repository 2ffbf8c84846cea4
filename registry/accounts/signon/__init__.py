"""The company's single sign-on: one OpenID provider (SSO_ISSUER), whose people are known by (issuer, sub)."""
