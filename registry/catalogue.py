"""The registry's own tags, and how its history says them."""

from registry.wording import ADMINISTRATION, PEOPLE, RELEASES, SETTINGS, SIGN_IN, Line

RELEASE_LINES = {
    "project:create": Line(SETTINGS, "Created the project {name}"),
    "project:remove": Line(SETTINGS, "Deleted the project {name}", ("owners", "releases")),
    "project:release:add": Line(RELEASES, "Made release {version}"),
    "file:add": Line(RELEASES, "Uploaded {filename}", ("size", "sha256")),
    "project:release:yank": Line(RELEASES, "Yanked release {version}", ("reason",)),
    "project:release:unyank": Line(RELEASES, "Took back the yank of release {version}"),
    "project:release:file:remove": Line(RELEASES, "Deleted {filename}", ("version", "sha256")),
    "project:release:remove": Line(RELEASES, "Deleted release {version} with its files"),
}
SETTINGS_LINES = {
    "project:archive:enter": Line(SETTINGS, "Archived the project"),
    "project:archive:exit": Line(SETTINGS, "Ended that the project is archived"),
    "project:quarantine:enter": Line(SETTINGS, "Put the project in quarantine"),
    "project:quarantine:exit": Line(SETTINGS, "Ended the quarantine of the project"),
    "project:deprecate:enter": Line(SETTINGS, "Marked the project as deprecated"),
    "project:deprecate:exit": Line(SETTINGS, "Ended that the project is deprecated"),
    "project:trusted_publishing_only:change": Line(SETTINGS, "Changed whether only trusted publishers upload"),
    "project:max_file_size:change": Line(SETTINGS, "Changed how large a file may be"),
}
ROLE_LINES = {
    "project:role:add": Line(PEOPLE, "Gave {username} a role"),
    "project:role:change": Line(PEOPLE, "Changed the role of {username}"),
    "project:role:remove": Line(PEOPLE, "Took the role of {username} away"),
    "project:role:invite": Line(PEOPLE, "Invited {invitee} as {role}"),
    "project:role:revoke_invite": Line(PEOPLE, "Revoked the invitation of {invitee}", ("role",)),
    "project:role:decline_invite": Line(PEOPLE, "{invitee} declined the invitation", ("role",)),
    "project:role:accept": Line(PEOPLE, "{username} accepted the invitation", ("invitee", "role")),
    "account:role:add": Line(PEOPLE, "Got a role in {name}"),
    "account:role:change": Line(PEOPLE, "Got another role in {name}"),
    "account:role:remove": Line(PEOPLE, "Lost the role in {name}"),
    "account:role:invite": Line(PEOPLE, "Was invited to {name} as {role}"),
    "account:role:revoke_invite": Line(PEOPLE, "The invitation to {name} was revoked", ("role",)),
    "account:role:decline_invite": Line(PEOPLE, "Declined the invitation to {name}", ("role",)),
    "account:role:accept": Line(PEOPLE, "Accepted the invitation to {name}", ("role",)),
}
ACCOUNT_LINES = {
    "account:create": Line(SIGN_IN, "Created the account", ("email", "is_active", "is_staff", "is_superuser")),
    "account:remove": Line(SIGN_IN, "Deleted the account", ("email",)),
    "account:permissions:change": Line(SIGN_IN, "Changed what the account may do"),
    "account:password:change": Line(SIGN_IN, "Changed the password"),
    "account:password:reset": Line(SIGN_IN, "Reset the password by mail"),
    "account:email:add": Line(SIGN_IN, "Added the mail address {email}"),
    "account:email:remove": Line(SIGN_IN, "Removed the mail address {email}"),
    "account:email:verified": Line(SIGN_IN, "Verified the mail address {email}"),
    "account:email:primary:change": Line(
        SIGN_IN, "Changed the primary mail address", ("email", "old_primary", "new_primary")
    ),
    "account:login:success": Line(SIGN_IN, "Signed in", ("methods",)),
    "account:login:failure": Line(SIGN_IN, "Failed to sign in", ("reason",)),
    "account:reauthenticate:success": Line(SIGN_IN, "Signed in again for a change", ("method",)),
    "account:reauthenticate:failure": Line(SIGN_IN, "Failed to sign in again for a change", ("reason",)),
    "account:two_factor:method_added": Line(SIGN_IN, "Added a second factor", ("method", "name", "label")),
    "account:two_factor:method_removed": Line(SIGN_IN, "Removed a second factor", ("method", "name", "label")),
    "account:recovery_codes:generated": Line(SIGN_IN, "Made recovery codes"),
    "account:recovery_codes:regenerated": Line(SIGN_IN, "Made new recovery codes"),
    "account:recovery_codes:used": Line(SIGN_IN, "Used a recovery code"),
    "account:sso:connected": Line(SIGN_IN, "Connected the company's sign-in"),
    "account:sso:disconnected": Line(SIGN_IN, "Disconnected the company's sign-in"),
}
NAME_LINES = {
    "retired-name:freed": Line(ADMINISTRATION, "Freed the name {name} of a deleted project"),
    "prohibited-name:added": Line(ADMINISTRATION, "Prohibited the name {name}", ("comment",)),
    "prohibited-name:changed": Line(ADMINISTRATION, "Changed the prohibited name {name}", ("comment",)),
    "prohibited-name:removed": Line(ADMINISTRATION, "Allowed the name {name} again"),
}
SWITCH_LINES = {
    "registry:switched-off": Line(ADMINISTRATION, "Switched off in the whole registry: {what}", ("reason",)),
    "registry:switched-on": Line(ADMINISTRATION, "Switched on again: {what}"),
}
LINES = {**RELEASE_LINES, **ROLE_LINES, **SETTINGS_LINES, **ACCOUNT_LINES, **NAME_LINES, **SWITCH_LINES}
