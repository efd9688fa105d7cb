// Says which instance answers. Beanpole tells Kestrel the port by ASPNETCORE_URLS.
using System;
using System.IO;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Hello
{
    public static class Program
    {
        public static void Main(string[] args) =>
            Host.CreateDefaultBuilder(args)
                .ConfigureWebHostDefaults(web => web.Configure(app => app.Run(Answer)))
                .Build()
                .Run();

        private static System.Threading.Tasks.Task Answer(HttpContext context)
        {
            // Written by .ebextensions/01-hello.config.
            var note = File.Exists("/etc/hello.txt") ? File.ReadAllText("/etc/hello.txt") : "";
            context.Response.ContentType = "text/plain; charset=utf-8";
            return context.Response.WriteAsync(
                $"Hello from .NET {Environment.Version} and Kestrel on {Environment.MachineName}\n{note}");
        }
    }
}
