import io.pyroscope.http.Format;
import io.pyroscope.javaagent.EventType;
import io.pyroscope.javaagent.PyroscopeAgent;
import io.pyroscope.javaagent.config.Config;
import io.pyroscope.labels.v2.LabelsSet;
import io.pyroscope.labels.v2.Pyroscope;
import java.time.Duration;
import java.util.Map;

public class App {
    static volatile long sink;

    static void work(long n) {
        long sum = 0;
        for (long i = 0; i < n; i++)
            sum += i ^ (sum << 1);
        sink = sum;
    }

    static void fast_function() {
        Pyroscope.LabelsWrapper.run(new LabelsSet("function", "fast"), () -> work(20_000_000));
    }

    static void slow_function() {
        Pyroscope.LabelsWrapper.run(new LabelsSet("function", "slow"), () -> work(80_000_000));
    }

    public static void main(String[] args) throws Exception {
        String address = System.getenv().getOrDefault("PYROSCOPE_SERVER_ADDRESS", "http://localhost:4040");
        long seconds = args.length > 0 ? Long.parseLong(args[0]) : 60;
        PyroscopeAgent.start(new Config.Builder()
            .setApplicationName("simple.java.app").setServerAddress(address)
            .setProfilingEvent(EventType.ITIMER).setFormat(Format.JFR)
            .setUploadInterval(Duration.ofSeconds(5))
            .setLabels(Map.of("env", "workshop")).build());
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() < end) {
            fast_function();
            slow_function();
        }
        PyroscopeAgent.stop();
    }
}
