"""Users."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from registry.accounts import given
from registry.accounts.secondfactor import reset as reset_second_factor
from registry.actors import Actor
from registry.admin.base import DeletesOneByOne, TabularInline
from registry.deletion import delete_user
from registry.models import Event, User

# Whoever may set these makes superusers, so only superusers may.
PERMISSIONS = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    """A user, whose mail address counts as verified once it is given here."""

    class Meta(UserChangeForm.Meta):
        model = User

    def clean_email(self) -> str:
        """Nobody else's."""
        email: str = self.cleaned_data["email"]
        if "email" in self.changed_data and given.is_anothers(email, self.instance):
            raise ValidationError("This is the verified address of another user.")
        return email


class EmailAddressInline(TabularInline):
    """The addresses of a user, as django-allauth verified them."""

    model = EmailAddress
    fields = readonly_fields = ("email", "verified", "primary")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Addresses are added where they are verified."""
        return False


class SecondFactorInline(TabularInline):
    """What a user has as second factor; its secrets are shown to nobody."""

    model = Authenticator
    verbose_name_plural = "second factor"
    fields = readonly_fields = ("type", "created_at", "last_used_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only the user sets one up; a page of its own resets it."""
        return False


class SingleSignOnInline(TabularInline):
    """The identities at the single sign-on that a user connected."""

    model = SocialAccount
    verbose_name_plural = "single sign-on"
    fields = readonly_fields = ("issuer", "subject", "last_login")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only the user connects one."""
        return False

    @admin.display
    def issuer(self, account: SocialAccount) -> str:
        """Who says who it is."""
        return str(account.extra_data.get("iss", ""))

    @admin.display
    def subject(self, account: SocialAccount) -> str:
        """Who it is there."""
        return str(account.extra_data.get("sub", ""))


@admin.register(User)
class UserAdmin(DjangoUserAdmin, DeletesOneByOne):  # type: ignore[type-arg]
    """A person, with their addresses."""

    form = UserForm
    list_display = ("username", "email", "email_verified", "is_active", "is_staff", "is_superuser", "last_login")
    inlines = (EmailAddressInline, SecondFactorInline, SingleSignOnInline)
    change_form_template = "admin/registry/user/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With the answer to whether the address is verified."""
        verified = EmailAddress.objects.filter(user=OuterRef("pk"), email__iexact=OuterRef("email"), verified=True)
        users: QuerySet[User] = super().get_queryset(request).annotate(email_is_verified=Exists(verified))
        return users

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        """A new user has no address yet."""
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Staff who manage users do not make superusers."""
        return ("last_login", "date_joined") + (() if request.user.is_superuser else PERMISSIONS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser, and a superuser's password, is changed by superusers only."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """So is one deleted."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        """Leave an event of the account and of what it may do. Whoever deletes it meanwhile waits."""
        locked = User.objects.select_for_update(no_key=True).get(pk=obj.pk) if change else User()
        before = _permissions(locked)
        super().save_model(request, obj, form, change)
        after, actor = _permissions(obj), Actor.of(request)
        if not change:
            Event.objects.record("account:create", actor, user=obj, email=obj.email, **after)
        elif before != after:
            Event.objects.record("account:permissions:change", actor, user=obj, before=before, after=after)
        if obj.email and "email" in form.changed_data:
            given.give(obj, obj.email, actor, before=locked.email)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Leave an event of a password that an administrator set. Whoever deletes the user meanwhile waits."""
        if request.method != "POST" or not id.isdecimal():
            return super().user_change_password(request, id, form_url)
        with transaction.atomic():
            user = User.objects.select_for_update(no_key=True).filter(pk=id).first()
            if user is None:
                return self.gone(request)
            response = super().user_change_password(request, id, form_url)
            if response.status_code == 302:
                Event.objects.record("account:password:change", Actor.of(request), user=user)
        return response

    def get_urls(self) -> list[URLPattern]:
        """The page that resets a second factor."""
        page = self.admin_site.admin_view(self.second_factor_view)
        return [path("<int:pk>/second-factor/", page, name="registry_user_second_factor"), *super().get_urls()]

    @method_decorator(csrf_protect)
    def second_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let somebody in again who lost their second factor: a superuser, who asked who it is."""
        user = get_object_or_404(User, pk=pk)
        if not request.user.is_superuser:
            raise PermissionDenied
        if request.method == "POST":
            number = reset_second_factor(user, Actor.of(request))
            self.message_user(request, f"Removed {number} of {user.username}.", messages.SUCCESS)
            return redirect("admin:registry_user_change", user.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Reset the second factor of {user.username}",
            "person": user,
            "opts": self.opts,
            "methods": Authenticator.objects.filter(user=user).order_by("pk"),
        }
        return TemplateResponse(request, "admin/registry/user/second_factor.html", context)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete a person, and say which projects have nobody now."""
        for name in delete_user(obj, Actor.of(request)):
            self.message_user(request, f"The project {name} has no owner now.", messages.WARNING)

    @admin.display(description="verified", boolean=True)
    def email_verified(self, user: Any) -> bool:
        """Whether the address was verified."""
        return bool(user.email_is_verified)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or not user.is_superuser or bool(request.user.is_superuser)


def _permissions(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in ("is_active", "is_staff", "is_superuser")}
