// Draws the API's document with Swagger UI. What is tried out is done as whoever is signed in, or with a token.
const place = document.getElementById("api");

SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    deepLinking: true,
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
