import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.StringHttpMessageConverter;
import org.springframework.http.converter.json.MappingJackson2HttpMessageConverter;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Spring's SseEmitter and a servlet that writes lines, on Tomcat. Its argument: a folder for Tomcat. */
public class SpringSse {
    public static void main(String[] args) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(args[0]);
        tomcat.setPort(Integer.parseInt(System.getenv("PORT")));
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        Context context = tomcat.addContext("", new File(args[0]).getAbsolutePath());

        AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
        // No class with @Configuration: Debian's CGLIB does not know the classes of Java 17.
        spring.register(RequestMappingHandlerMapping.class, Adapter.class, Streams.class);
        add(context, "spring", new DispatcherServlet(spring), "/spring/*");
        add(context, "raw", new RawServlet(), "/raw");
        tomcat.start();
        tomcat.getServer().await();
    }

    private static void add(Context context, String name, HttpServlet servlet, String pattern) {
        Wrapper wrapper = Tomcat.addServlet(context, name, servlet);
        wrapper.setAsyncSupported(true);
        wrapper.setLoadOnStartup(1);
        context.addServletMappingDecoded(pattern, name);
    }

    static class Adapter extends RequestMappingHandlerAdapter {
        Adapter() {
            setMessageConverters(Arrays.asList(
                new StringHttpMessageConverter(StandardCharsets.UTF_8),
                new MappingJackson2HttpMessageConverter()));
        }
    }

    @Controller
    static class Streams {
        private static final long FOR_LONG = 60_000;
        // Tomcat looks once a second whose time is up: these need more than two emitters.
        private static final int TICKS = 70;

        private final ExecutorService executor = Executors.newCachedThreadPool();
        private final List<?> texts;

        Streams() throws IOException {
            texts = new ObjectMapper().readValue(new File(System.getenv("TEXTS")), List.class);
        }

        /** Everything that the builder can say. */
        @RequestMapping("/all")
        public SseEmitter all() {
            return emitter(FOR_LONG, emitter -> {
                emitter.send(SseEmitter.event().comment("연결됨").reconnectTime(700));
                emitter.send("이름 없는 이벤트");
                emitter.send(SseEmitter.event().id("1").name("공지").data("안녕하세요, 서버입니다"));
                emitter.send(SseEmitter.event().id("2").name("json")
                    .data(Map.of("이름", "김철수", "점수", List.of(1, 2, 3)), MediaType.APPLICATION_JSON));
                emitter.send(SseEmitter.event().id("3").data("첫 줄").data("둘째 줄"));
                emitter.send(SseEmitter.event().id("4").comment("빈 데이터").data(""));
                emitter.send(SseEmitter.event().id("5").data("끝").reconnectTime(1200));
            });
        }

        @RequestMapping("/texts")
        public ResponseEntity<SseEmitter> texts(
                @RequestHeader(value = "Last-Event-ID", defaultValue = "0") int seen) {
            if (seen >= texts.size()) return new ResponseEntity<>(HttpStatus.NO_CONTENT);
            int end = Math.min(texts.size(), seen + Integer.parseInt(System.getenv("COUNT")));
            return ResponseEntity.ok(emitter(FOR_LONG, emitter -> {
                for (int index = seen; index < end; index++) {
                    emitter.send(SseEmitter.event().id("" + (index + 1)).name("text").reconnectTime(100)
                        .data(texts.get(index), MediaType.TEXT_PLAIN));
                }
            }));
        }

        /** Ticks for longer than the emitter lives. */
        @RequestMapping("/timeout")
        public ResponseEntity<SseEmitter> timeout(
                @RequestHeader(value = "Last-Event-ID", defaultValue = "0") int seen) {
            if (seen >= TICKS) return new ResponseEntity<>(HttpStatus.NO_CONTENT);
            return ResponseEntity.ok(emitter(2_000, emitter -> {
                for (int tick = seen + 1; tick <= TICKS; tick++) {
                    emitter.send(SseEmitter.event().id("" + tick).reconnectTime(300).data("째깍 " + tick));
                    TimeUnit.MILLISECONDS.sleep(100);
                }
            }));
        }

        private SseEmitter emitter(long timeout, Sender sender) {
            SseEmitter emitter = new SseEmitter(timeout);
            executor.submit(() -> {
                try {
                    sender.send(emitter);
                    emitter.complete();
                } catch (IOException | IllegalStateException error) {
                    // The time is up: Spring has ended the response.
                }
                return null;
            });
            return emitter;
        }
    }

    interface Sender {
        void send(SseEmitter emitter) throws IOException, InterruptedException;
    }

    /** What many write by hand: an event, a flush, and the last one without its blank line. */
    static class RawServlet extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType("text/event-stream");
            response.setCharacterEncoding("UTF-8");
            PrintWriter writer = response.getWriter();
            for (int number = 1; number <= 5; number++) {
                writer.write("id: " + number + "\ndata: 서블릿 " + System.currentTimeMillis() + "\n\n");
                writer.flush();
                try {
                    TimeUnit.MILLISECONDS.sleep(500);
                } catch (InterruptedException error) {
                    return;
                }
            }
            writer.write("id: 6\ndata: 끝나지 않은\n");
            writer.flush();
        }
    }
}
