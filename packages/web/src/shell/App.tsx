import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { loggedIn } from '../api/client.ts';
import { LoginPage } from '../login/LoginPage.tsx';
import { connect } from '../store/connect.ts';
import { shouts } from '../store/shouts.ts';
import { forgetPerson, theme } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { toasts } from '../ui/toasts.ts';
import { router } from './router.tsx';

// Only for what is asked for now and then; all that is live comes by the WebSocket.
const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 10_000, refetchOnWindowFocus: false } },
});

export function App() {
  const isLoggedIn = useObservable(loggedIn);
  const chosen = useObservable(theme);
  useEffect(() => {
    document.documentElement.dataset['theme'] = chosen;
  }, [chosen]);
  useEffect(() => {
    if (isLoggedIn !== true) return undefined;
    queries.clear();
    const end = connect(() => void queries.invalidateQueries({ queryKey: ['log'] }));
    return () => {
      end();
      forgetPerson();
      toasts.set([]);
      shouts.set([]);
    };
  }, [isLoggedIn]);
  if (isLoggedIn === null) return <div className="splash" aria-busy="true" />;
  if (!isLoggedIn) return <LoginPage />;
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
