import { type StartedControl, startControl } from './control.ts';
import { type StartedService, startService } from './server.ts';
import type { Settings } from './settings.ts';

export interface StartedApp {
  readonly service: StartedService;
  readonly control: StartedControl;
  stop(): Promise<void>;
}

/** Both ports, or neither. */
export async function startApp(settings: Settings): Promise<StartedApp> {
  const service = await startService(settings.service);
  try {
    const control = await startControl(service, settings.control.host, settings.control.port);
    return {
      service,
      control,
      async stop() {
        // The service first: a fault can be cleared for as long as a request may hang on it.
        await service.stop(settings.drainMs);
        await control.stop();
      },
    };
  } catch (error) {
    await service.stop(0);
    throw error;
  }
}
