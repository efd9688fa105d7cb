// Beanpole's .NET sample: answers every request with a small page.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

public static class Program
{
    private const string Page = @"<!doctype html>
<title>It works</title>
<h1>It works</h1>
<p>This is Beanpole's .NET sample. Deploy your own application with <code>bp deploy</code>.</p>
";

    public static void Main(string[] args) =>
        Host.CreateDefaultBuilder(args)
            .ConfigureWebHostDefaults(web => web.Configure(app => app.Run(context =>
            {
                context.Response.ContentType = "text/html; charset=utf-8";
                return context.Response.WriteAsync(Page);
            })))
            .Build()
            .Run();
}
