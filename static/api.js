// Draws the API's document with Swagger UI. What is tried out is done as whoever is signed in, or with a token.
const place = document.getElementById("api");
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    validatorUrl: null,
    requestInterceptor: (request) => {
        if (new URL(request.url, location).origin === location.origin) {
            request.headers["X-CSRFToken"] = place.dataset.csrf;
        }
        return request;
    },
});
